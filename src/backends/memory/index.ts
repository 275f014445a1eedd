/** `wingmanjs/memory`: jobs in this process, for tests and trials. They end with it. */
import { GRANT_TIMEOUT } from '../../contract/backend.ts';
import { type StageOptions, Stages } from '../../contract/stages.ts';
import { MAX_PAYLOAD_BYTES } from '../../core/payload.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { MemoryBackend } from './memory-backend.ts';

export interface MemoryOptions {
  /** The largest payload, in bytes of JSON; 1 MiB when left out. */
  readonly maxPayload?: number;
  /** How long a place that came free is kept for a job before it may pass to another queue, in milliseconds. */
  readonly grantTimeout?: number;
  readonly clock?: Clock;
}

/** Opens a new, empty backend. Every call opens another. */
export async function open(options: MemoryOptions = {}): Promise<MemoryBackend> {
  return new MemoryBackend({
    clock: options.clock ?? systemClock,
    maxPayload: options.maxPayload ?? MAX_PAYLOAD_BYTES,
    grantTimeout: options.grantTimeout ?? GRANT_TIMEOUT,
  });
}

/** Opens a new, empty backend and gives its stages one at a time. */
export async function init(options: MemoryOptions & StageOptions = {}): Promise<Stages> {
  return new Stages(await open(options), options);
}
