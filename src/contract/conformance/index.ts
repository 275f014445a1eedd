/** The conformance suite: what every backend must do, as tests. One file for each concern. */
import { describe } from 'vitest';
import { bulkSuite } from './bulk.ts';
import { calmSuite } from './calm.ts';
import { checkInSuite } from './check-in.ts';
import { claimSuite } from './claim.ts';
import { closedSuite } from './closed.ts';
import { controlsSuite } from './controls.ts';
import { damagedSuite, foreignSuite } from './damaged.ts';
import { endingSuite } from './ending.ts';
import { enqueueSuite } from './enqueue.ts';
import { hostileSuite } from './hostile.ts';
import { idempotenceSuite } from './idempotence.ts';
import { inspectSuite } from './inspect.ts';
import { leadershipSuite } from './leadership.ts';
import { leasesSuite } from './leases.ts';
import { lockingSuite } from './locking.ts';
import { locksSuite } from './locks.ts';
import { operateSuite } from './operate.ts';
import { prioritySuite } from './priority.ts';
import { ratesSuite } from './rates.ts';
import { resultsSuite } from './results.ts';
import { scheduleSuite } from './schedule.ts';
import { schedulesSuite } from './schedules.ts';
import { settleSuite } from './settle.ts';
import { signalSuite } from './signal.ts';
import { stagesSuite } from './stages/index.ts';
import { standbySuite } from './standby.ts';
import type { Subject } from './subject.ts';
import { transitionsSuite } from './transitions.ts';
import { uniqueSuite } from './unique.ts';
import { uniqueConflictsSuite } from './unique-conflicts.ts';
import { watchingSuite } from './watching.ts';

const suites = [
  enqueueSuite,
  claimSuite,
  settleSuite,
  locksSuite,
  lockingSuite,
  ratesSuite,
  controlsSuite,
  leasesSuite,
  scheduleSuite,
  schedulesSuite,
  uniqueSuite,
  uniqueConflictsSuite,
  inspectSuite,
  operateSuite,
  prioritySuite,
  bulkSuite,
  endingSuite,
  leadershipSuite,
  checkInSuite,
  signalSuite,
  standbySuite,
  calmSuite,
  resultsSuite,
  watchingSuite,
  idempotenceSuite,
  damagedSuite,
  foreignSuite,
  closedSuite,
  hostileSuite,
  transitionsSuite,
  stagesSuite,
];

/** Defines the whole suite for one kind of backend. */
export function conformanceSuite(subject: Subject): void {
  describe(`conformance: ${subject.name}`, () => {
    for (const suite of suites) suite(subject);
  });
}
