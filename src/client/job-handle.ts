import type { AnyDefinition } from '../core/job.ts';
import type { JobInfo } from '../inspector/jobs.ts';
import type { EventsOptions, Following, ResultOptions } from './following.ts';
import type { JobUpdate } from './updates.ts';

/** The arguments of `result`: none will do where the type has no output, since it keeps no results. */
export type ResultArguments<Result> = [Result] extends [never]
  ? [theTypeHasNoOutputSchema: never]
  : [options?: ResultOptions];

/**
 * A job, wherever it was enqueued and wherever it runs. Made by `enqueue`, or by `wingman.job(definition, id)`. It holds nothing
 * open: a million of them cost no more than their ids.
 */
export class JobHandle<Result = unknown> {
  readonly id: string;
  readonly #following: Following;
  readonly #definition: AnyDefinition | undefined;

  constructor(following: Following, id: string, definition: AnyDefinition | undefined) {
    this.id = id;
    this.#following = following;
    this.#definition = definition;
  }

  /**
   * What the job gives, once it has completed: the type's `output` as its schema makes it of what the handler returned. Waits
   * without polling on Redis; through outages too, until `timeout` or `signal` ends it. All waits of a client share one
   * connection.
   * @throws WingmanError `WINGMAN_NO_RESULT` at once, where the type has no output schema; `WINGMAN_JOB_FAILED` with the last failure
   *   as cause; `WINGMAN_JOB_CANCELLED`; `WINGMAN_JOB_NOT_FOUND` where it never was, or is not kept any more;
   *   `WINGMAN_RESULT_TIMEOUT`; `WINGMAN_BACKEND_…`; CanceledError when the signal aborts; InvalidOutputError where the result
   *   does not fit the schema of this process; InvalidOptionError
   */
  result(...[options]: ResultArguments<Result>): Promise<Result>;
  result(options?: ResultOptions): Promise<unknown> {
    return this.#following.result(this.id, this.#definition, options);
  }

  /**
   * How the job stands, with all that is known of it; null where it is not in the books. One that is gone is still shown for a
   * while if somebody waited for it, or took its events, when it ended.
   */
  status(): Promise<JobInfo | null> {
    return this.#following.status(this.id);
  }

  /** What the handler reported last of how far it is; undefined where it has reported nothing, or the job is gone. */
  async progress(): Promise<unknown> {
    return (await this.status())?.progress;
  }

  /**
   * What happens to the job, from now on: how it stands, then each change of its state and of its progress, and last its end. States
   * that pass faster than they can be told are left out; the end always comes. Leaving the loop, or the signal, ends it at
   * once. Throws `WINGMAN_BACKEND_…` where the store can be asked no more.
   */
  events(options?: EventsOptions): AsyncIterableIterator<JobUpdate, undefined> & AsyncDisposable {
    return this.#following.updates(this.id, options);
  }
}
