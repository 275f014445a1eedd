import { WingmanError } from './errors.ts';
import type { Failure } from './outcome.ts';

/** Where a job stood when its deadline made an end of it. */
export type Missed = 'before it ran' | 'while it ran' | 'before it would be tried again';

/** Why a job whose deadline has passed is failed for good, as it is kept with it. */
export function missed(deadline: number, when: Missed, cause?: Failure): Failure {
  const failure = { name: 'DeadlineError', message: messageOf(deadline, when), code: 'WINGMAN_DEADLINE' };
  return cause === undefined ? failure : { ...failure, cause };
}

/** The same as a reason to stop. */
export function deadlineError(deadline: number, when: Missed): WingmanError {
  return new WingmanError('WINGMAN_DEADLINE', messageOf(deadline, when));
}

function messageOf(deadline: number, when: Missed): string {
  return `its deadline, ${shownInstant(deadline)}, passed ${when}`;
}

function shownInstant(at: number): string {
  const instant = new Date(at);
  return Number.isNaN(instant.getTime()) ? `${at} ms since the epoch` : instant.toISOString();
}
