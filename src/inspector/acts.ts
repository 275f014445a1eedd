import {
  type Acted,
  type Backend,
  BROWSE_BUDGET,
  CANCEL_BUDGET,
  ENDED_BUDGET,
  type Page,
} from '../contract/backend.ts';
import type { Caller } from '../contract/call.ts';
import { JobConflictError, WingmanError } from '../core/errors.ts';
import { checkFilter, type JobFilter } from '../core/filter.ts';

/**
 * Gives a failed job a new set of attempts, and puts it at the back of its queue.
 * @throws WingmanError `WINGMAN_JOB_NOT_FOUND`, `WINGMAN_JOB_STATE`; JobConflictError where it is to be unique until done, and
 *   another job stands for its key by now
 */
export async function retryJob(backend: Backend, caller: Caller, id: string): Promise<void> {
  const [result] = await caller.call((call) => backend.retryFailed(call, [id]));
  if (result === 'refused') await expectNoConflict(backend, id);
  await expectDone(backend, id, result, 'only a failed job can be retried');
}

/**
 * Removes a job that has failed, or has completed and was kept.
 * @throws WingmanError `WINGMAN_JOB_NOT_FOUND`, `WINGMAN_JOB_STATE`
 */
export async function discardJob(backend: Backend, caller: Caller, id: string): Promise<void> {
  const [result] = await caller.call((call) => backend.discard(call, [id]));
  await expectDone(backend, id, result, 'only a job that has ended can be discarded');
}

/**
 * What became of a request to cancel. `cancelled`: the job is gone. `cancelling`: it runs; its handler's signal aborts within a
 * second, and it ends as cancelled unless that run completes it, or fails it for good.
 */
export type Cancelled = 'cancelled' | 'cancelling';

/**
 * Cancels a job, in whatever state it is.
 * @throws WingmanError `WINGMAN_JOB_NOT_FOUND`; `WINGMAN_JOB_STATE` where it has failed, or has completed and was kept
 */
export async function cancelJob(backend: Backend, caller: Caller, id: string): Promise<Cancelled> {
  const { result } = await caller.call((call) => backend.cancel(call, id));
  switch (result) {
    case 'cancelled':
      return 'cancelled';
    case 'asked':
      return 'cancelling';
    case 'unknown':
      throw notFound(id);
    default:
      throw new WingmanError('WINGMAN_JOB_STATE', `job ${id} has ${result}: there is nothing to cancel; see discard`);
  }
}

/** What became of the jobs that were to be cancelled together: how many are gone, and how many are told to stop. */
export interface CancelledMany {
  readonly cancelled: number;
  readonly cancelling: number;
}

/**
 * Cancels the jobs that fit. All that are in the books when it begins are found; one that is enqueued meanwhile is cancelled or
 * not. In bounded steps: where one fails, those before it are done, and it may be begun again.
 * @throws InvalidOptionError for a filter that says nothing
 */
export async function cancelMany(backend: Backend, caller: Caller, filter: JobFilter): Promise<CancelledMany> {
  const checked = checkFilter(filter);
  // A job that runs is there still when a walk comes by it again.
  const cancelling = new Set<string>();
  let cancelled = 0;
  let cursor: string | null = null;
  do {
    const page: Page = await backend.bulk.browse(checked, cursor, BROWSE_BUDGET);
    for (let start = 0; start < page.ids.length; start += CANCEL_BUDGET) {
      const ids = page.ids.slice(start, start + CANCEL_BUDGET);
      const { results } = await caller.call((call) => backend.bulk.cancel(call, ids));
      results.forEach((result, index) => {
        if (result === 'cancelled') cancelled += 1;
        if (result === 'asked') cancelling.add(ids[index] ?? '');
      });
    }
    cursor = page.cursor;
  } while (cursor !== null);
  return { cancelled, cancelling: cancelling.size };
}

/** Retries the jobs that have failed by now, but those whose unique key another job has. Returns how many. */
export function retryAllFailed(backend: Backend, caller: Caller): Promise<number> {
  return forAllFailed(backend, (ids) => caller.call((call) => backend.retryFailed(call, ids)));
}

/** Discards the jobs that have failed by now. Returns how many. */
export function discardAllFailed(backend: Backend, caller: Caller): Promise<number> {
  return forAllFailed(backend, (ids) => caller.call((call) => backend.discard(call, ids)));
}

async function forAllFailed(
  backend: Backend,
  act: (ids: readonly string[]) => Promise<readonly Acted<'retried' | 'discarded'>[]>,
): Promise<number> {
  // Those that fail while this goes on are not of this act: it would not end where jobs fail as fast as they are retried.
  let left = (await backend.stats()).failed;
  let done = 0;
  // Those that are refused stay where they are, before all others.
  let refused = 0;
  while (left > 0) {
    const ids = await backend.list({ state: 'failed' }, refused, Math.min(ENDED_BUDGET, left));
    if (ids.length === 0) break;
    const results = await act(ids);
    done += results.filter((result) => result === 'retried' || result === 'discarded').length;
    refused += results.filter((result) => result === 'refused').length;
    left -= ids.length;
  }
  return done;
}

async function expectNoConflict(backend: Backend, id: string): Promise<void> {
  const view = await backend.find(id);
  const unique = view?.job.extras?.unique;
  if (view?.state !== 'failed' || unique === undefined) return;
  const standing = await backend.uniqueKeys.standing(view.job.type, unique.key);
  if (standing !== null) throw new JobConflictError(`job ${id} is not retried`, view.job.type, standing.id);
}

async function expectDone(
  backend: Backend,
  id: string,
  result: Acted<'retried' | 'discarded'> | undefined,
  rule: string,
): Promise<void> {
  if (result === 'retried' || result === 'discarded') return;
  const view = await backend.find(id);
  if (view === null) throw notFound(id);
  throw new WingmanError('WINGMAN_JOB_STATE', `job ${id} is ${view.state}: ${rule}`);
}

function notFound(id: string): WingmanError {
  return new WingmanError('WINGMAN_JOB_NOT_FOUND', `there is no job ${id} in the books`);
}
