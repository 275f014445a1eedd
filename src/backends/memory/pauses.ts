import type { PauseReason, QueueLimit } from '../../contract/backend.ts';

/** What all managers are told, as it stands in the books. */
export class Controls {
  readonly pausedQueues = new Map<string, PauseReason & { readonly at: number }>();
  readonly pausedTypes = new Map<string, PauseReason & { readonly at: number }>();
  readonly queueLimits = new Map<string, QueueLimit>();
  /** Rate key to the instant before which none of its jobs starts. */
  readonly pausedRates = new Map<string, number>();
}
