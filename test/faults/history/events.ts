/**
 * What a history may say, as data: the fields of each kind of event and their types. The types below, and the check of each
 * line that is read, come from this table.
 */
const KINDS = {
  // The application.
  /** Before the call. `sequence`: its number among the jobs of its key. `call`: enqueues with the same one travel together. */
  enqueue: {
    ...{ id: 'string', key: 'string?', limit: 'number', sequence: 'number', call: 'number' },
    /** How often it may fail, and the milliseconds for which it is put off. */
    ...{ attempts: 'number', delay: 'number' },
    /** It is acknowledged only when a replica has it. */
    isReplicated: 'boolean',
  },
  /** The call returned: the job is in the books. */
  acked: { id: 'string' },
  /** The call failed. `fate`: `not done`, or `unknown`. */
  refused: { id: 'string', code: 'string', fate: 'string' },

  // A worker's process.
  started: { worker: 'string' },
  /** The heartbeat's thread renews the lease from now on, whatever the main one does. */
  beating: {},
  stopping: { reason: 'string' },
  /** A handler begins. `attempt` as the handler is told. */
  start: { id: 'string', token: 'string', worker: 'string', attempt: 'number' },
  /** What the job is there for is done. */
  effect: { id: 'string', token: 'string' },
  /** The handler's signal aborted. */
  aborted: { id: 'string', token: 'string' },
  /** The handler returned or threw. */
  end: { id: 'string', token: 'string', ok: 'boolean' },
  /** The store took a settle. `delay`: milliseconds until the next run. */
  settled: { id: 'string', worker: 'string', token: 'string', outcome: 'string', delay: 'number' },
  /** The store refused a settle: the token is no longer the owner's. */
  stale: { id: 'string', token: 'string' },
  /** This worker has learned that its lease is gone. */
  lost: { worker: 'string' },
  /** A sweep of this process took the job from a worker whose lease had ended. */
  reclaimed: { id: 'string', worker: 'string' },
  quarantined: { id: 'string', worker: 'string' },

  // Who injects faults.
  /** `hits`: the name of a process, or `store`. */
  fault: { name: 'string', hits: 'string', number: 'number' },
  healed: { name: 'string', number: 'number' },
  /** A process ended. */
  exit: { of: 'string', how: 'string' },

  // Who observes the store.
  /** By the store, this worker has its lease at least `until` this instant. */
  lease: { worker: 'string', until: 'number' },
  /** By the store, this worker has no lease any more. */
  gone: { worker: 'string' },
  /** How many have a place of a lock key. */
  holders: { key: 'string', limit: 'number', count: 'number' },
} as const satisfies Record<string, Readonly<Record<string, keyof Types>>>;

interface Types {
  readonly string: string;
  readonly 'string?': string | null;
  readonly number: number;
  readonly boolean: boolean;
}

type Kinds = typeof KINDS;
export type Kind = keyof Kinds;

type Fields<Name extends Kind> = {
  readonly [Field in keyof Kinds[Name]]: Kinds[Name][Field] extends keyof Types ? Types[Kinds[Name][Field]] : never;
};

type Happenings = { [Name in Kind]: { readonly kind: Name } & Fields<Name> }[Kind];

/** An event as it is handed to a history. */
export type Happening<Name extends Kind = Kind> = Extract<Happenings, { readonly kind: Name }>;

interface Heading {
  readonly at: number;
  /** Who wrote it: a name that no other process of the scenario has. */
  readonly process: string;
}

type Events = { [Name in Kind]: Heading & { readonly kind: Name } & Fields<Name> }[Kind];

/** An event as it is read from one: when it was written, and by whom. */
export type Event<Name extends Kind = Kind> = Extract<Events, { readonly kind: Name }>;

/** Whether a value read from a history is an event. */
export function isEvent(value: unknown): value is Event {
  if (typeof value !== 'object' || value === null) return false;
  const get = (field: string): unknown => Reflect.get(value, field);
  const kind = get('kind');
  if (typeof kind !== 'string' || !isKind(kind)) return false;
  if (typeof get('at') !== 'number' || typeof get('process') !== 'string') return false;
  return Object.entries(KINDS[kind]).every(([field, type]) => isOf(get(field), type));
}

function isKind(name: string): name is Kind {
  return Object.hasOwn(KINDS, name);
}

function isOf(value: unknown, type: keyof Types): boolean {
  return type === 'string?' ? value === null || typeof value === 'string' : typeof value === type;
}
