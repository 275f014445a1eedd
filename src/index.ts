/** `wingmanjs`: define jobs, enqueue them, and run them. */
export { type ClientOptions, type ConnectOptions, connect } from './client/connect.ts';
export type { EnqueuedJob, EnqueueOutcome } from './client/enqueued.ts';
export type { EventsOptions, ResultOptions } from './client/following.ts';
export type { JobHandle, ResultArguments } from './client/job-handle.ts';
export type { Durability, EnqueueOptions, ManyOptions, ScheduleOptions } from './client/options.ts';
export type { Schedules } from './client/schedules.ts';
export type { JobUpdate } from './client/updates.ts';
export type { EnqueueArguments, Wingman } from './client/wingman.ts';
export type { Backend, Counters, DeadLetter, Listing, PauseTarget, Stats } from './contract/backend.ts';
export type { BackendSource } from './contract/source.ts';
export type { Duration } from './core/duration.ts';
export {
  BackendError,
  CanceledError,
  CouldNotLockError,
  EnqueueTimeoutError,
  type ErrorCode,
  type Fate,
  type InputIssue,
  InvalidInputError,
  InvalidOptionError,
  InvalidOutputError,
  JobConflictError,
  StaleError,
  WingmanError,
} from './core/errors.ts';
export type { JobEvent, JobEvents } from './core/events.ts';
export type { ExtrasOptions, ExtrasRules, Unique } from './core/extras.ts';
export type { JobFilter } from './core/filter.ts';
export {
  type AnyDefinition,
  type Context,
  defineJob,
  type Handler,
  type Job,
  type JobDefinition,
  type JobOptions,
  type RateControl,
} from './core/job.ts';
export type { KeepOptions } from './core/keep.ts';
export type { Lock, Locks } from './core/lock.ts';
export type { Logger, LogLevel } from './core/log.ts';
export type { Failure, Outcome } from './core/outcome.ts';
export type { Rate, Rates } from './core/rate.ts';
export type { Backoff, RetryOptions } from './core/retry.ts';
export type { Overlap } from './core/schedule.ts';
export type { Schema } from './core/schema.ts';
export { STATES, type State, TRANSITIONS, type Transition, type TransitionEvent } from './core/states.ts';
export type { CatchUp } from './core/ticks.ts';
export type { OnConflict, UniqueOptions, UniqueRule } from './core/unique.ts';
export { Fail, type RateLimit, RateLimited, RetryAt, Snooze } from './core/verdict.ts';
export type { Cancelled, CancelledMany } from './inspector/acts.ts';
export type { PauseInfo, PauseOptions, QueueLimitInfo, QueueLimitOptions } from './inspector/controls.ts';
export type { Ahead, Explanation, HolderInfo, Reason } from './inspector/explanation.ts';
export type { FailedRun, JobInfo, RateInfo } from './inspector/jobs.ts';
export type { StandingJob } from './inspector/unique-keys.ts';
export { Manager, type ManagerEvents } from './manager/manager.ts';
export type { ManagerOptions } from './manager/options.ts';
export type { Queues } from './manager/queue-order.ts';
export type { StopReason } from './manager/session.ts';
export type { Upserted } from './schedules/acts.ts';
export { type Declared, defineSchedules, type ScheduleSet } from './schedules/declared.ts';
export type { ScheduleInfo } from './schedules/info.ts';
export type { RecurringOptions } from './schedules/options.ts';
