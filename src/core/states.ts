/**
 * A job's states and its legal transitions, as data. The diagram in docs/internals.md, the backends' conformance suite and
 * the events all read this table; there is no other list.
 */
export const STATES = [
  'waiting',
  'scheduled',
  'held',
  'parked',
  'processing',
  'completed',
  'failed',
  'cancelled',
  'dead',
  'discarded',
] as const;

export type State = (typeof STATES)[number];

/** States from which no job comes back: it is gone from the books, or is a dead letter. */
export const FINAL_STATES: readonly State[] = ['cancelled', 'dead', 'discarded'];

/** States in which a job has ended: nothing more happens to it by itself. Some jobs are kept in these. */
const ENDS: readonly State[] = ['completed', 'failed', ...FINAL_STATES];

export function hasEnded(state: State): boolean {
  return ENDS.includes(state);
}

/** One legal transition. `new` stands for a job that is not in the books yet. */
export interface Transition {
  readonly from: State | 'new';
  readonly to: State;
  /** The event's name, in the past tense: what has happened to the job. */
  readonly event: string;
  /** Where it enters its queue, when it enters one. */
  readonly place?: 'front' | 'back';
  readonly why: string;
}

export const TRANSITIONS = [
  { from: 'new', to: 'waiting', event: 'enqueued', place: 'back', why: 'enqueued' },
  { from: 'new', to: 'scheduled', event: 'scheduled', why: 'enqueued with a delay or a date' },
  { from: 'new', to: 'dead', event: 'dead', why: 'an entry in the queue that is no envelope' },
  { from: 'scheduled', to: 'waiting', event: 'promoted', place: 'back', why: 'its time has come' },
  { from: 'waiting', to: 'processing', event: 'claimed', why: 'taken by a worker, with its locks' },
  { from: 'waiting', to: 'held', event: 'held', why: 'a lock of it was full when it came up, or a rate' },
  { from: 'waiting', to: 'parked', event: 'parked', why: 'it came up while its type was paused' },
  { from: 'waiting', to: 'dead', event: 'dead', why: 'its stored form is damaged' },
  {
    from: 'held',
    to: 'waiting',
    event: 'granted',
    place: 'front',
    why: 'a place of its lock or rate came free and is kept for it',
  },
  { from: 'held', to: 'dead', event: 'dead', why: 'its stored form is damaged' },
  { from: 'processing', to: 'held', event: 'held', why: 'popped without its locks, which were full' },
  { from: 'processing', to: 'completed', event: 'completed', why: 'its handler returned' },
  { from: 'processing', to: 'scheduled', event: 'retrying', why: 'its handler failed, attempts are left' },
  { from: 'processing', to: 'failed', event: 'failed', why: 'its handler failed for the last time' },
  { from: 'processing', to: 'scheduled', event: 'snoozed', why: 'put off by its handler; the attempt is not counted' },
  { from: 'processing', to: 'failed', event: 'quarantined', why: 'its worker vanished too often in a row' },
  {
    from: 'processing',
    to: 'waiting',
    event: 'released',
    place: 'front',
    why: 'handed back by a manager that stops; the attempt is not counted',
  },
  {
    from: 'processing',
    to: 'held',
    event: 'released',
    why: 'handed back, and a job that has waited longer for its lock key has the place now',
  },
  {
    from: 'processing',
    to: 'waiting',
    event: 'reclaimed',
    place: 'front',
    why: 'its worker vanished; a crash is counted',
  },
  {
    from: 'processing',
    to: 'held',
    event: 'reclaimed',
    why: 'its worker vanished, and a job that has waited longer for its lock key has the place now',
  },
  { from: 'processing', to: 'parked', event: 'parked', why: 'the manager does not know its type' },
  { from: 'processing', to: 'dead', event: 'dead', why: 'its stored form is damaged' },
  { from: 'processing', to: 'cancelled', event: 'cancelled', why: 'cancelled while it ran' },
  {
    from: 'parked',
    to: 'waiting',
    event: 'unparked',
    place: 'front',
    why: 'a manager that knows its type came, or the pause of its type is over',
  },
  { from: 'waiting', to: 'cancelled', event: 'cancelled', why: 'cancelled before it ran' },
  { from: 'scheduled', to: 'cancelled', event: 'cancelled', why: 'cancelled before it was due' },
  { from: 'held', to: 'cancelled', event: 'cancelled', why: 'cancelled while it waited for a lock' },
  { from: 'failed', to: 'waiting', event: 'retried', place: 'back', why: 'an operator gave it a new set of attempts' },
  { from: 'failed', to: 'discarded', event: 'discarded', why: 'an operator removed it' },
  { from: 'failed', to: 'discarded', event: 'expired', why: 'kept for long enough, or too many are kept' },
  { from: 'completed', to: 'discarded', event: 'discarded', why: 'it was kept, and an operator removed it' },
  { from: 'completed', to: 'discarded', event: 'expired', why: 'kept for as long as its type asked' },
  { from: 'parked', to: 'cancelled', event: 'cancelled', why: 'cancelled while its type was unknown' },
] as const satisfies readonly Transition[];

/** The name of what happened to a job: one per kind of transition. */
export type TransitionEvent = (typeof TRANSITIONS)[number]['event'];

/** Whether the table has a transition of this name between these states. */
export function isLegal(from: State | 'new', to: State, event: TransitionEvent): boolean {
  return TRANSITIONS.some((row) => row.from === from && row.to === to && row.event === event);
}

/** The table as a Mermaid state diagram, for docs/internals.md. */
export function statesDiagram(): string {
  const arrows = TRANSITIONS.map(({ from, to, event }) => `  ${from === 'new' ? '[*]' : from} --> ${to}: ${event}`);
  const ends = ['  completed --> [*]: unless it is kept', ...FINAL_STATES.map((state) => `  ${state} --> [*]`)];
  return ['stateDiagram-v2', ...arrows, ...ends].join('\n');
}
