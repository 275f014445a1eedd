/** Reads the histories of a scenario, and says what they prove to have gone wrong. Pure: the same histories, the same answer. */
import type { Event } from '../history/events.ts';
import { attemptsCounted, quarantinedInTime, triedAsOften } from './attempts.ts';
import { countedOnce, countLost, endedOnce, everythingEnds, nothingInvented, nothingLost } from './books.ts';
import {
  atMostNPerKey,
  noLossWithoutCause,
  noRunWithoutReason,
  oneOwnerPerJob,
  recoveries,
  refusedOnlyAfterLoss,
  repeats,
} from './leases.ts';
import { inOrder, notEarly } from './order.ts';
import type { Allowed, Evidence, FinalLook, Rule, Violation } from './rules.ts';
import { ofKind, tell } from './story.ts';

export type { FinalLook, Violation } from './rules.ts';

/** Every rule, by the name under which it is reported. */
export const RULES = {
  'an acknowledged job was lost': nothingLost,
  'a job ran that is not in the books': nothingInvented,
  'not everything ended': everythingEnds,
  'a job ended more than once': endedOnce,
  'the counters are wrong': countedOnce,
  'a lock key had too many owners': atMostNPerKey,
  'a job had two owners': oneOwnerPerJob,
  'a job ran again without a reason': noRunWithoutReason,
  'a settle was refused without a loss': refusedOnlyAfterLoss,
  'a lease was lost without a cause': noLossWithoutCause,
  'jobs of a key ran out of order': inOrder,
  'a job ran too early': notEarly,
  'attempts were miscounted': attemptsCounted,
  'a job was given up too early': triedAsOften,
  'crashes were miscounted': quarantinedInTime,
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleName = keyof typeof RULES;

/** What there is to say of a scenario beside its violations. */
export interface Summary {
  /** Acknowledged. */
  readonly jobs: number;
  readonly lost: number;
  /** Runs beyond each job's first. */
  readonly runAgain: number;
  /** By name, how often each fault was injected. */
  readonly faults: Readonly<Record<string, number>>;
  /** Milliseconds from the kill of a worker to the next start of a job that it owned. */
  readonly recoveries: readonly number[];
}

export interface Finding {
  readonly violations: readonly Violation[];
  readonly summary: Summary;
}

/** @param events in the order of their instants, as `readHistories` gives them */
export function check(events: readonly Event[], final: FinalLook, { undone = [] }: Partial<Allowed> = {}): Finding {
  const evidence: Evidence = { story: tell(events), final, undone };
  const violations = Object.entries(RULES).flatMap(([rule, find]) =>
    [...find(evidence)].map((what) => ({ rule, what })),
  );
  return { violations, summary: summarize(evidence) };
}

function summarize(evidence: Evidence): Summary {
  const faults = new Map<string, number>();
  for (const { name, number } of ofKind(evidence.story.events, 'fault'))
    faults.set(name, (faults.get(name) ?? 0) + number);
  return {
    jobs: [...evidence.story.jobs.values()].filter(({ acked }) => acked !== null).length,
    lost: countLost(evidence),
    runAgain: repeats(evidence).runs,
    faults: Object.fromEntries(faults),
    recoveries: recoveries(evidence).sort((a, b) => a - b),
  };
}
