import type { TransitionEvent } from './states.ts';

interface Happened<Event extends TransitionEvent> {
  readonly event: Event;
  readonly id: string;
  readonly queue: string;
}

/** Of a job that was in a worker's hands. */
interface AtWorker<Event extends TransitionEvent> extends Happened<Event> {
  readonly type: string;
  readonly worker: string;
  /** Of the claim: the one that the handler's context has. */
  readonly token: string;
  /** Which run it is or was, from 1. */
  readonly attempt: number;
}

/** What is known of each transition of `states.ts`, by the name of its event. */
export interface JobEvents {
  readonly enqueued: Happened<'enqueued'> & { readonly type: string };
  readonly scheduled: Happened<'scheduled'> & { readonly type: string };
  readonly promoted: Happened<'promoted'>;
  readonly claimed: AtWorker<'claimed'>;
  /** `detail`: the key of the lock, or of the rate, that it waits for. */
  readonly held: Happened<'held'> & { readonly type?: string; readonly detail: string };
  /** `detail`: the key of which it got a place. */
  readonly granted: Happened<'granted'> & { readonly detail: string };
  readonly completed: AtWorker<'completed'>;
  /** `detail`: what went wrong. `delay`: milliseconds until the next run. */
  readonly retrying: AtWorker<'retrying'> & { readonly detail: string; readonly delay: number };
  /** `detail`: what went wrong. */
  readonly failed: AtWorker<'failed'> & { readonly detail: string };
  /** `detail`: until when, as an ISO instant, or after how many milliseconds. */
  readonly snoozed: AtWorker<'snoozed'> & { readonly detail: string };
  readonly released: AtWorker<'released'>;
  /** `worker`: the one that vanished, or that did not know of it. */
  readonly reclaimed: Happened<'reclaimed'> & { readonly worker: string };
  /** `worker`: the one that vanished last. */
  readonly quarantined: Happened<'quarantined'> & { readonly worker: string };
  /** `detail`: the reason. One whose type is paused was in no worker's hands. */
  readonly parked: Happened<'parked'> & Partial<AtWorker<'parked'>> & { readonly detail: string };
  readonly unparked: Happened<'unparked'>;
  readonly retried: Happened<'retried'>;
  readonly discarded: Happened<'discarded'>;
  readonly expired: Happened<'expired'>;
  /** `detail`: the reason. An entry that is no envelope has no type. */
  readonly dead: Happened<'dead'> & { readonly type?: string; readonly worker?: string; readonly detail: string };
  /** One that was cancelled before it ran has no worker; one whose worker had vanished no more than that. */
  readonly cancelled: Happened<'cancelled'> & {
    readonly type?: string;
    readonly worker?: string;
    readonly token?: string;
    readonly attempt?: number;
  };
}

/** One transition that has happened to a job. */
export type JobEvent = JobEvents[TransitionEvent];
