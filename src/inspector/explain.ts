// Why a job is where it is: what nobody should have to guess from counts.
import type { Backend, JobView, Pause, WorkerView } from '../contract/backend.ts';
import { WingmanError } from '../core/errors.ts';
import { readKey } from '../core/rate.ts';
import { toPause } from './controls.ts';
import type { Ahead, Explanation, HolderInfo, Reason } from './explanation.ts';
import { toRun } from './jobs.ts';
import { sentenceOf } from './sentence.ts';

/** No look counts more jobs than this. */
const MOST_AHEAD = 10_000;
const MOST_HOLDERS = 10;

/**
 * Why a job is where it is. It looks at the job, at who has its keys, at its queue and at the managers, one after the other: what
 * moves meanwhile may be told as it was or as it is.
 * @throws WingmanError `WINGMAN_JOB_NOT_FOUND`
 */
export async function explainJob(backend: Backend, id: string): Promise<Explanation> {
  const view = await backend.find(id);
  if (view === null) {
    const hint = 'it has ended and was not kept, or was never enqueued here';
    throw new WingmanError('WINGMAN_JOB_NOT_FOUND', `there is no job ${id} in the books: ${hint}`);
  }
  const reasons = await new Look(backend, view).reasons();
  const { type, queue } = view.job;
  return { id, type, queue, state: view.state, sentence: sentenceOf(view, reasons), reasons };
}

class Look {
  readonly #backend: Backend;
  readonly #view: JobView;

  constructor(backend: Backend, view: JobView) {
    this.#backend = backend;
    this.#view = view;
  }

  async reasons(): Promise<readonly Reason[]> {
    const { state, due = 0, failures, job, failedAt, completedAt, reason = '' } = this.#view;
    const last = failures.at(-1);
    const error = last === undefined ? {} : { error: toRun(last) };
    switch (state) {
      case 'held':
        return [await this.#held(), ...(await this.#obstacles())];
      case 'waiting':
        return [...(await this.#obstacles()), await this.#inLine()];
      case 'scheduled':
        if (job.attempts === 0) return [{ why: 'not due', at: new Date(due) }, ...(await this.#obstacles())];
        return [{ why: 'retry', at: new Date(due), attempt: job.attempts + 1, ...error }, ...(await this.#obstacles())];
      case 'processing':
        return [await this.#running()];
      case 'parked': {
        const obstacles = await this.#obstacles();
        return obstacles.length > 0 ? obstacles : [{ why: 'parked', reason }];
      }
      case 'failed':
        return [{ why: 'failed', ...(failedAt !== undefined && { at: new Date(failedAt) }), ...error }];
      default:
        return [{ why: 'completed', ...(completedAt !== undefined && { at: new Date(completedAt) }) }];
    }
  }

  async #running(): Promise<Reason> {
    const { owner, job } = this.#view;
    const worker = owner?.worker ?? '';
    const ends = (await this.#backend.stats()).workers.find((one) => one.worker === worker)?.leaseEnds;
    const lease = ends === undefined ? {} : { leaseEnds: new Date(ends) };
    return { why: 'running', worker, attempt: job.attempts + 1, ...lease };
  }

  async #held(): Promise<Reason> {
    const { heldFor = '', job } = this.#view;
    const { kind, name } = readKey(heldFor);
    const ahead = await this.#ahead();
    if (kind === 'rate') {
      const { next, pausedUntil } = await this.#backend.controls.rate(name);
      const at = next ?? pausedUntil;
      return {
        ...{ why: 'rate', key: name, ahead, isPaused: pausedUntil !== null },
        ...(at !== null && { startsAt: new Date(at) }),
      };
    }
    const [holders, { workers }] = await Promise.all([this.#backend.holders(heldFor), this.#backend.stats()]);
    const limit = job.locks?.find(({ key }) => key === heldFor)?.concurrency ?? 0;
    const shown = await Promise.all(holders.slice(0, MOST_HOLDERS).map(({ id }) => this.#holder(id, workers)));
    return { why: 'lock', key: name, limit, taken: holders.length, holders: shown, ahead };
  }

  async #holder(id: string, workers: readonly WorkerView[]): Promise<HolderInfo> {
    const worker = (await this.#backend.find(id))?.owner?.worker;
    const ends = workers.find((one) => one.worker === worker)?.leaseEnds;
    return {
      id,
      ...(worker !== undefined && { worker }),
      ...(ends !== undefined && { leaseEnds: new Date(ends) }),
    };
  }

  async #inLine(): Promise<Reason> {
    return { why: 'in line', queue: this.#view.job.queue, ahead: await this.#ahead() };
  }

  async #ahead(): Promise<Ahead> {
    const count = (await this.#backend.ahead(this.#view.job.id, MOST_AHEAD)) ?? 0;
    return { count, isMore: count >= MOST_AHEAD };
  }

  /** What would keep it from starting, wherever it waits now. */
  async #obstacles(): Promise<Reason[]> {
    const { queue, type } = this.#view.job;
    const [pauses, limits, { workers }, now] = await Promise.all([
      this.#backend.controls.pauses(),
      this.#backend.controls.queueLimits(),
      this.#backend.stats(),
      this.#backend.now(),
    ]);
    const reasons: Reason[] = [];
    const queuePause = pauses.find((pause) => 'queue' in pause && pause.queue === queue);
    if (queuePause !== undefined) reasons.push({ why: 'queue paused', queue, pause: toPause(queuePause) });
    const typePause = pauses.find((pause: Pause) => 'type' in pause && pause.type === type);
    if (typePause !== undefined) reasons.push({ why: 'type paused', type, pause: toPause(typePause) });
    reasons.push(...this.#managers(workers.filter(({ leaseEnds }) => leaseEnds > now)));
    const limit = limits.find((one) => one.queue === queue);
    if (limit?.concurrency != null && limit.running >= limit.concurrency) {
      reasons.push({ why: 'queue full', queue, limit: limit.concurrency, running: limit.running });
    }
    if (limit?.startsAt != null && limit.startsAt > now) {
      reasons.push({ why: 'queue rate', queue, startsAt: new Date(limit.startsAt) });
    }
    return reasons;
  }

  /** A loop of a user's own says nothing of what it takes: where there is one, nobody can tell that nobody takes this. */
  #managers(live: readonly WorkerView[]): Reason[] {
    const { queue, type } = this.#view.job;
    if (live.some(({ takes }) => takes === null)) return [];
    const takers = live.filter(({ takes }) => takes?.queues.includes(queue));
    const managers = live.length;
    if (takers.length === 0) return [{ why: 'no manager takes the queue', queue, managers }];
    if (takers.some(({ takes }) => takes?.types.includes(type))) return [];
    return [{ why: 'no manager knows the type', type, managers: takers.length }];
  }
}
