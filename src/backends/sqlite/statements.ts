/**
 * Every statement of the backend, by the name of what it does to a job. Each is prepared once; all but those of `stats` find
 * their rows by an index (test/backends/sqlite/statements.test.ts asks SQLite for its plans).
 */

import { WATCH_LEASE } from '../../contract/backend.ts';

/** What a step must know of a job that it moves: see `toEntry`. */
const ENTRY = 'sequence, id, type, queue, locks, extras, state, lane, attempts, crashes, failures, worker, token';

/** The envelope: see `toJob`. */
const JOB = 'sequence, id, type, queue, locks, extras, enqueued_at, attempts, crashes, payload';

/** A job in a state belongs to nobody and waits for nothing, except for what the transition sets. */
const CLEARED = 'lane = NULL, position = NULL, grant_ends = NULL, worker = NULL, token = NULL, held_for = NULL';

// A plain "LIMIT ?" has SQLite make a new plan whenever the number is given, which takes longer than most of these. As an
// expression ("LIMIT +?") it does not.

// A lock key may have any character. The drivers end a text at its first NUL, so keys are read as blobs.

export const transitions = {
  /** `state` is waiting (with a position) or scheduled (with a date). A job that is in the books changes nothing. */
  enqueue: `INSERT INTO jobs (sequence, id, type, queue, locks, state, enqueued_at, lane, position, due, extras, payload)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,

  claim: `UPDATE jobs SET state = 'processing', worker = ?, token = ?, lane = NULL, position = NULL, grant_ends = NULL
    WHERE sequence = ?`,

  /** The same of many, by their sequences as JSON: tokens are given out in this order. What fails undoes the whole step anyway. */
  claimAll: `UPDATE OR FAIL jobs SET state = 'processing', worker = ?, token = ? + claimed.key,
      lane = NULL, position = NULL, grant_ends = NULL
    FROM json_each(?) AS claimed WHERE jobs.sequence = claimed.value`,

  /** Of these claims of a worker, by their tokens as JSON, those with nothing beside the job that would have to go with it. */
  completeAll: `DELETE FROM jobs WHERE worker = ? AND state = 'processing' AND token IN (SELECT value FROM json_each(?))
    AND locks = '[]' AND failures = 0 AND extras IS NULL`,

  /** Completed, and kept in the books. */
  keep: `UPDATE jobs SET state = 'completed', ended_at = ?, crashes = 0, ${CLEARED} WHERE sequence = ?`,

  remove: 'DELETE FROM jobs WHERE sequence = ?',

  removeAll: 'DELETE FROM jobs WHERE sequence IN (SELECT value FROM json_each(?))',

  retry: `UPDATE jobs SET state = 'scheduled', due = ?, attempts = attempts + 1, failures = failures + 1, crashes = 0,
    ${CLEARED} WHERE sequence = ?`,

  snooze: `UPDATE jobs SET state = 'scheduled', due = ?, crashes = 0, ${CLEARED} WHERE sequence = ?`,

  fail: `UPDATE jobs SET state = 'failed', ended_at = ?, attempts = attempts + 1, failures = failures + 1, crashes = 0,
    ${CLEARED} WHERE sequence = ?`,

  /** Kept as failed with so many crashes, and no attempt used. */
  quarantine: `UPDATE jobs SET state = 'failed', ended_at = ?, crashes = ?, failures = failures + 1, ${CLEARED}
    WHERE sequence = ?`,

  /** A failed job, to the back of its queue, with no attempt used and no crash counted. */
  retryFailed: `UPDATE jobs SET state = 'waiting', ended_at = NULL, attempts = 0, crashes = 0, ${CLEARED}, lane = 1,
    position = ? WHERE sequence = ?`,

  /** A scheduled job, to a later date. */
  putOff: "UPDATE jobs SET due = ? WHERE sequence = ? AND state = 'scheduled' AND due < ?",

  park: `UPDATE jobs SET state = 'parked', reason = ?, ${CLEARED} WHERE sequence = ?`,

  /** Takes a job from its worker, with so many crashes; where it goes then, the next transition says. */
  disown: 'UPDATE jobs SET crashes = ?, worker = NULL, token = NULL WHERE sequence = ?',

  hold: `UPDATE jobs SET state = 'held', ${CLEARED}, held_for = ? WHERE sequence = ?`,

  grant: `UPDATE jobs SET state = 'waiting', ${CLEARED}, lane = 0, position = sequence, grant_ends = ? WHERE sequence = ?`,

  /** Promoted, released, reclaimed, unparked, or passed over: to the front or the back of its queue. */
  wait: `UPDATE jobs SET state = 'waiting', due = NULL, reason = NULL, ${CLEARED}, lane = 1, position = ? WHERE sequence = ?`,

  renewGrant: 'UPDATE jobs SET grant_ends = ? WHERE sequence = ?',

  setLocks: 'UPDATE jobs SET locks = ? WHERE sequence = ?',

  setExtras: 'UPDATE jobs SET extras = ? WHERE sequence = ?',

  bury: `INSERT INTO dead_letters (queue, reason, at, raw)
    SELECT queue, ?, ?, CAST(payload AS BLOB) FROM jobs WHERE sequence = ?`,
} as const;

export const questions = {
  /** The next jobs of a queue, in the order of claims. */
  next: `SELECT ${JOB}, lane FROM jobs WHERE queue = ? AND state = 'waiting' ORDER BY lane, position LIMIT +?`,

  /** The next job of a queue after a place in it. */
  peek: `SELECT ${JOB}, lane, position FROM jobs WHERE queue = ? AND state = 'waiting' AND (lane, position) > (?, ?)
    ORDER BY lane, position LIMIT 1`,

  hasWaiting: "SELECT 1 FROM jobs WHERE queue = ? AND state = 'waiting' LIMIT 1",

  entry: `SELECT ${ENTRY} FROM jobs WHERE id = ?`,

  owned: `SELECT ${ENTRY} FROM jobs WHERE id = ? AND token = ?`,

  /** Of these claims of a worker, by their tokens as JSON: see `toListed`. */
  ownedAll: `SELECT ${ENTRY} FROM jobs
    WHERE worker = ? AND state = 'processing' AND token IN (SELECT value FROM json_each(?))`,

  claimedBy: `SELECT ${JOB} FROM jobs WHERE worker = ? AND token = ? AND state = 'processing'`,

  owns: "SELECT count(*) AS owns FROM jobs WHERE worker = ? AND state = 'processing'",

  ownedBy: `SELECT ${ENTRY} FROM jobs WHERE worker = ? AND state = 'processing' ORDER BY token DESC LIMIT +?`,

  /** Who waits for a lock key, longest first. */
  waiters: `SELECT ${ENTRY} FROM jobs WHERE held_for = ? AND state = 'held' ORDER BY sequence LIMIT +?`,

  hasWaiters: "SELECT 1 FROM jobs WHERE held_for = ? AND state = 'held' LIMIT 1",

  heldFor: 'SELECT CAST(held_for AS BLOB) AS held_for FROM jobs WHERE sequence = ?',

  due: `SELECT ${ENTRY} FROM jobs WHERE state = 'scheduled' AND due <= ? ORDER BY due, id LIMIT +?`,

  nextDue: "SELECT due FROM jobs WHERE state = 'scheduled' ORDER BY due, id LIMIT 1",

  endedGrants: `SELECT ${ENTRY} FROM jobs WHERE grant_ends <= ? ORDER BY grant_ends, id LIMIT +?`,

  parked: `SELECT ${ENTRY} FROM jobs WHERE type = ? AND state = 'parked' ORDER BY sequence DESC LIMIT +?`,

  /** Failed jobs that ended by an instant, oldest first. */
  failedBy: `SELECT ${ENTRY} FROM jobs WHERE state = 'failed' AND ended_at <= ? ORDER BY ended_at, id LIMIT +?`,

  /** Completed jobs of a type that ended by an instant, oldest first. */
  completedBy: `SELECT ${ENTRY} FROM jobs WHERE type = ? AND state = 'completed' AND ended_at <= ?
    ORDER BY ended_at, id LIMIT +?`,

  view: `SELECT ${JOB}, state, lane, due, worker, token, CAST(held_for AS BLOB) AS held_for, reason, ended_at
    FROM jobs WHERE id = ?`,

  rawPayload: 'SELECT CAST(payload AS BLOB) AS raw FROM jobs WHERE sequence = ?',
} as const;

/** How often a held job that needs several locks came to the head of one while another was full. */
export const passes = {
  count: 'SELECT times FROM passed_over WHERE job = ?',
  add: 'INSERT INTO passed_over (job, times) VALUES (?, 1) ON CONFLICT (job) DO UPDATE SET times = times + 1',
  forget: 'DELETE FROM passed_over WHERE job = ?',
} as const;

/** Runs that are to be cancelled. */
export const cancels = {
  ask: `INSERT INTO cancels (job, token) VALUES (?, ?) ON CONFLICT (job) DO UPDATE SET token = excluded.token`,
  has: 'SELECT 1 FROM cancels WHERE job = ? AND token = ?',
  of: `SELECT cancels.token FROM cancels JOIN jobs ON jobs.sequence = cancels.job
    WHERE jobs.worker = ? AND jobs.state = 'processing' AND jobs.token = cancels.token`,
  /** Those whose run has ended. There are hardly any at a time. */
  dropEnded: `DELETE FROM cancels WHERE NOT EXISTS (SELECT 1 FROM jobs
    WHERE jobs.sequence = cancels.job AND jobs.token = cancels.token)`,
} as const;

/** Who has which unique key. */
export const uniqueKeys = {
  /** A key that was taken for a time is had until then, any other one by a job that is in the books. */
  holder: `SELECT job, id, queue, ends FROM unique_keys WHERE type = ? AND key = ?
    AND (ends > ? OR (ends IS NULL AND EXISTS (SELECT 1 FROM jobs WHERE jobs.sequence = unique_keys.job)))`,
  take: `INSERT INTO unique_keys (type, key, job, id, queue, ends) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (type, key) DO UPDATE SET job = excluded.job, id = excluded.id, queue = excluded.queue,
      ends = excluded.ends`,
  lengthen: 'UPDATE unique_keys SET ends = ? WHERE type = ? AND key = ? AND ends < ?',
  /** What is taken for a time that is not up. */
  release: 'DELETE FROM unique_keys WHERE type = ? AND key = ? AND ends > ?',
  /** What a job has for itself alone. */
  free: 'DELETE FROM unique_keys WHERE job = ? AND ends IS NULL',
  dropEnded: `DELETE FROM unique_keys WHERE (type, key) IN
    (SELECT type, key FROM unique_keys WHERE ends <= ? ORDER BY ends LIMIT +?)`,
} as const;

/** How far jobs are and what they gave. */
export const results = {
  /** Only for a job that this claim owns. */
  report: `INSERT INTO progress (job, progress)
    SELECT sequence, ? FROM jobs WHERE id = ? AND token = ? AND state = 'processing'
    ON CONFLICT (job) DO UPDATE SET progress = excluded.progress`,
  keep: 'INSERT INTO results (job, result) VALUES (?, ?)',
  progressOf: 'SELECT progress FROM progress WHERE job = ?',
  resultOf: 'SELECT result FROM results WHERE job = ?',
  dropProgress: 'DELETE FROM progress WHERE job = ?',
  drop: 'DELETE FROM results WHERE job = ?',
  /** How a job stands, without its payload. */
  standing: `SELECT jobs.sequence, jobs.state, progress.progress, results.result FROM jobs
    LEFT JOIN progress ON progress.job = jobs.sequence LEFT JOIN results ON results.job = jobs.sequence WHERE jobs.id = ?`,
  lastFailure: 'SELECT attempt, worker, at, failure FROM failures WHERE job = ? ORDER BY number DESC LIMIT 1',
} as const;

/** Who is told of which jobs. */
export const watching = {
  /** One that lasts for long enough is left as it is: who only looks again has nothing written. */
  watch: `INSERT INTO watchers (id, watcher, every, until) VALUES (?, ?, ?, ?)
    ON CONFLICT (id, watcher) DO UPDATE SET every = excluded.every, until = excluded.until
      WHERE every <> excluded.every OR until < excluded.until - ${WATCH_LEASE / 2}`,
  unwatch: 'DELETE FROM watchers WHERE id = ? AND watcher = ?',
  drop: 'DELETE FROM watchers WHERE id = ?',
  dropEnded: 'DELETE FROM ended WHERE id = ?',
  count: 'SELECT count(*) AS watchers FROM watchers WHERE id = ? AND watcher <> ?',
  dropOld: 'DELETE FROM watchers WHERE id = ? AND until <= ?',
  of: 'SELECT watcher, every FROM watchers WHERE id = ? AND until > ?',
  tell: `INSERT INTO news (watcher, id, until) VALUES (?, ?, ?)
    ON CONFLICT (watcher, id) DO UPDATE SET until = excluded.until`,
  news: 'SELECT id FROM news WHERE watcher = ? LIMIT +?',
  seen: 'DELETE FROM news WHERE watcher = ? AND id = ?',
  end: `INSERT INTO ended (id, state, job, progress, until) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    state = excluded.state, job = excluded.job, progress = excluded.progress, until = excluded.until`,
  ended: 'SELECT state, job, progress FROM ended WHERE id = ? AND until > ?',
  job: `SELECT ${JOB} FROM jobs WHERE sequence = ?`,
} as const;

/** What nobody needs any more, from an instant on. */
export const watchesOver = {
  watchers: 'DELETE FROM watchers WHERE (id, watcher) IN (SELECT id, watcher FROM watchers WHERE until <= ? LIMIT +?)',
  news: 'DELETE FROM news WHERE (watcher, id) IN (SELECT watcher, id FROM news WHERE until <= ? LIMIT +?)',
  ended: 'DELETE FROM ended WHERE id IN (SELECT id FROM ended WHERE until <= ? LIMIT +?)',
} as const;

export const listings = {
  waiting: "SELECT id FROM jobs WHERE queue = ? AND state = 'waiting' ORDER BY lane, position LIMIT +? OFFSET ?",
  held: "SELECT id FROM jobs WHERE held_for = ? AND state = 'held' ORDER BY sequence LIMIT +? OFFSET ?",
  processing: "SELECT id FROM jobs WHERE worker = ? AND state = 'processing' ORDER BY token LIMIT +? OFFSET ?",
  parked: "SELECT id FROM jobs WHERE type = ? AND state = 'parked' ORDER BY sequence LIMIT +? OFFSET ?",
  scheduled: "SELECT id FROM jobs WHERE state = 'scheduled' ORDER BY due, id LIMIT +? OFFSET ?",
  failed: "SELECT id FROM jobs WHERE state = 'failed' ORDER BY ended_at, id LIMIT +? OFFSET ?",
  completed: "SELECT id FROM jobs WHERE type = ? AND state = 'completed' ORDER BY ended_at, id LIMIT +? OFFSET ?",
  deadLetters: 'SELECT queue, reason, at, raw FROM dead_letters ORDER BY number LIMIT +? OFFSET ?',
} as const;

/** A walk through all jobs, by their sequence. */
export const bulk = {
  next: `SELECT sequence, id, type, queue, locks, extras FROM jobs WHERE sequence > ? AND sequence <= ?
    ORDER BY sequence LIMIT +?`,
  newest: 'SELECT sequence FROM jobs ORDER BY sequence DESC LIMIT 1',
} as const;

export const places = {
  take: `INSERT INTO places (key, job, token) VALUES (?, ?, ?)
    ON CONFLICT (key, job) DO UPDATE SET token = excluded.token`,
  /** A place that the job has already: its grant is claimed, or its lock asked for again. */
  retake: 'UPDATE places SET token = ? WHERE key = ? AND job = ?',
  free: 'DELETE FROM places WHERE key = ? AND job = ?',
  /** For a job whose locks cannot be read. Goes through all places, of which there are no more than jobs that run. */
  freeAll: 'DELETE FROM places WHERE job = ? RETURNING CAST(key AS BLOB) AS key',
  has: 'SELECT 1 FROM places WHERE key = ? AND job = ?',
  count: 'SELECT count(*) AS taken FROM places WHERE key = ?',
  holders: 'SELECT jobs.id, places.token FROM places JOIN jobs ON jobs.sequence = places.job WHERE places.key = ?',
} as const;

/** The pace of rates, and what the keys are limited to that jobs wait for. */
export const paces = {
  spent: 'SELECT spent FROM spent WHERE key = ?',
  spend: 'INSERT INTO spent (key, spent) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET spent = excluded.spent',
  dropSpent: 'DELETE FROM spent WHERE key IN (SELECT key FROM spent WHERE spent <= ? LIMIT +?)',
  pausedUntil: 'SELECT until FROM paused_rates WHERE key = ?',
  pause: `INSERT INTO paused_rates (key, until) VALUES (?, ?)
    ON CONFLICT (key) DO UPDATE SET until = max(until, excluded.until)`,
  dropPaused: 'DELETE FROM paused_rates WHERE key IN (SELECT key FROM paused_rates WHERE until <= ? LIMIT +?)',
  setTimer: 'INSERT INTO timers (key, at) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET at = excluded.at',
  timer: 'SELECT at FROM timers WHERE key = ?',
  nextTimer: 'SELECT at FROM timers ORDER BY at, key LIMIT 1',
  ripe: 'SELECT CAST(key AS BLOB) AS key FROM timers WHERE at <= ? ORDER BY at, timers.key LIMIT +?',
  dropTimer: 'DELETE FROM timers WHERE key = ?',
  newest: 'SELECT sequence, concurrency, pace FROM newest WHERE key = ?',
  learn: `INSERT INTO newest (key, sequence, concurrency, pace) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
    sequence = excluded.sequence, concurrency = excluded.concurrency, pace = excluded.pace`,
  forget: 'DELETE FROM newest WHERE key = ?',
} as const;

/** Pauses, and the limits of queues. */
export const gates = {
  paused: 'SELECT paused_by, reason FROM pauses WHERE kind = ? AND name = ?',
  pause: `INSERT INTO pauses (kind, name, paused_by, reason, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, name) DO UPDATE SET
    paused_by = excluded.paused_by, reason = excluded.reason, at = excluded.at`,
  resume: 'DELETE FROM pauses WHERE kind = ? AND name = ?',
  limit: 'SELECT concurrency, burst, pace FROM queue_limits WHERE queue = ?',
  setLimit: `INSERT INTO queue_limits (queue, concurrency, burst, pace) VALUES (?, ?, ?, ?) ON CONFLICT (queue) DO UPDATE SET
    concurrency = excluded.concurrency, burst = excluded.burst, pace = excluded.pace`,
  dropLimit: 'DELETE FROM queue_limits WHERE queue = ?',
  running: 'SELECT count(*) AS running FROM seats WHERE queue = ?',
  seat: 'INSERT INTO seats (job, queue) VALUES (?, ?) ON CONFLICT (job) DO NOTHING',
  leave: 'DELETE FROM seats WHERE job = ?',
} as const;

export const ungranted = {
  add: 'INSERT INTO ungranted (key) VALUES (?) ON CONFLICT (key) DO NOTHING',
  take: `DELETE FROM ungranted WHERE number IN (SELECT number FROM ungranted ORDER BY number LIMIT +?)
    RETURNING number, CAST(key AS BLOB) AS key`,
  any: 'SELECT 1 FROM ungranted LIMIT 1',
} as const;

/** What the check-in looks at: the first of what is sorted by time. */
export const due = {
  grants: 'SELECT grant_ends FROM jobs WHERE grant_ends IS NOT NULL ORDER BY grant_ends, id LIMIT 1',
  failed: "SELECT ended_at FROM jobs WHERE state = 'failed' ORDER BY ended_at, id LIMIT 1",
  parked: "SELECT 1 FROM jobs WHERE type = ? AND state = 'parked' LIMIT 1",
} as const;

export const workers = {
  register: `INSERT INTO workers (worker, lease_ends, takes) VALUES (?, ?, ?)
    ON CONFLICT (worker) DO UPDATE SET lease_ends = excluded.lease_ends`,
  renew: 'UPDATE workers SET lease_ends = ? WHERE worker = ?',
  remove: 'DELETE FROM workers WHERE worker = ?',
  ended: 'SELECT worker FROM workers WHERE lease_ends <= ? ORDER BY lease_ends, worker',
  first: 'SELECT lease_ends FROM workers ORDER BY lease_ends LIMIT 1',
} as const;

export const leader = {
  /** Changes nothing while another one leads. */
  lead: `INSERT INTO leader (one, candidate, lease_ends) VALUES (1, ?, ?)
    ON CONFLICT (one) DO UPDATE SET candidate = excluded.candidate, lease_ends = excluded.lease_ends
      WHERE candidate = excluded.candidate OR lease_ends <= ?`,
  resign: 'DELETE FROM leader WHERE one = 1 AND candidate = ?',
  ends: 'SELECT lease_ends FROM leader WHERE one = 1',
} as const;

export const failures = {
  keep: 'INSERT INTO failures (job, number, attempt, worker, at, failure) VALUES (?, ?, ?, ?, ?, ?)',
  dropOld: 'DELETE FROM failures WHERE job = ? AND number <= ?',
  of: 'SELECT attempt, worker, at, failure FROM failures WHERE job = ? ORDER BY number',
} as const;

/** The job types of which completed jobs are kept. */
export const kept = {
  of: 'SELECT jobs, keep_for, keep_count FROM kept WHERE type = ?',
  save: `INSERT INTO kept (type, jobs, keep_for, keep_count, expires) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (type) DO UPDATE SET jobs = excluded.jobs, keep_for = excluded.keep_for,
      keep_count = excluded.keep_count, expires = excluded.expires`,
  remove: 'DELETE FROM kept WHERE type = ?',
  oldest: "SELECT ended_at FROM jobs WHERE type = ? AND state = 'completed' ORDER BY ended_at, id LIMIT 1",
  /** Only those that have a job which expires now. */
  expiring: 'SELECT type FROM kept WHERE expires <= ?',
  first: 'SELECT expires FROM kept WHERE expires IS NOT NULL ORDER BY expires LIMIT 1',
} as const;

export const tallies = {
  /** See `Glance`. Each of its parts stops at the first row of its table, or finds one by its key. */
  glance: `SELECT sequence, successful, failures, scheduled, failed, parked, dead, controlled,
      EXISTS (SELECT 1 FROM watchers) OR EXISTS (SELECT 1 FROM ended) AS is_watched,
      EXISTS (SELECT 1 FROM progress) AS has_progress,
      EXISTS (SELECT 1 FROM ungranted) AS has_ungranted,
      EXISTS (SELECT 1 FROM workers WHERE worker = ?) AS is_registered,
      (SELECT reply FROM calls WHERE client = ? AND calls.sequence = ?) AS reply
    FROM books`,
  saveBooks: `UPDATE books SET sequence = ?, successful = ?, failures = ?, scheduled = ?, failed = ?, parked = ?, dead = ?
    WHERE one = 1`,
  queue: 'SELECT waiting, held, front, back FROM queues WHERE queue = ?',
  saveQueue: `INSERT INTO queues (queue, waiting, held, front, back) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (queue) DO UPDATE SET waiting = excluded.waiting, held = excluded.held,
      front = excluded.front, back = excluded.back`,
} as const;

export const calls = {
  keep: 'INSERT INTO calls (client, sequence, at, reply) VALUES (?, ?, ?, ?)',
  dropAnswered: 'DELETE FROM calls WHERE client = ? AND sequence < ?',
  dropOld: `DELETE FROM calls WHERE (client, sequence) IN
    (SELECT client, sequence FROM calls WHERE at < ? ORDER BY at LIMIT +?)`,
} as const;

/** Recurring schedules. */
export const schedules = {
  find: 'SELECT version, due, text FROM schedules WHERE name = ?',
  names: 'SELECT name FROM schedules ORDER BY name LIMIT +? OFFSET ?',
  due: 'SELECT name FROM schedules WHERE due <= ? ORDER BY due, name LIMIT +? OFFSET ?',
  nextDue: 'SELECT due FROM schedules WHERE due > ? ORDER BY due LIMIT 1',
  write: `INSERT INTO schedules (name, version, due, text) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET version = excluded.version, due = excluded.due, text = excluded.text`,
  remove: 'DELETE FROM schedules WHERE name = ?',
} as const;

/** What an operator asks for now and then: these go through all queues, all workers and all that runs. */
export const stats = {
  /** By an index, and no further than is counted. */
  heldAhead: `SELECT count(*) AS ahead FROM
    (SELECT 1 FROM jobs WHERE held_for = ? AND state = 'held' AND sequence < ? LIMIT +?)`,
  waitingAhead: `SELECT count(*) AS ahead FROM
    (SELECT 1 FROM jobs WHERE queue = ? AND state = 'waiting' AND (lane, position) < (?, ?) LIMIT +?)`,
  place: 'SELECT sequence, queue, state, lane, position, CAST(held_for AS BLOB) AS held_for FROM jobs WHERE id = ?',
  queues: 'SELECT queue, waiting, held FROM queues',
  workers: 'SELECT worker, lease_ends, takes FROM workers',
  processing: "SELECT worker, count(*) AS processing FROM jobs WHERE state = 'processing' GROUP BY worker",
  completed: 'SELECT total(jobs) AS completed FROM kept',
  /** Stops at the first row of each. */
  isControlled: `UPDATE books SET controlled = EXISTS (SELECT 1 FROM pauses) OR EXISTS (SELECT 1 FROM queue_limits)
    OR EXISTS (SELECT 1 FROM seats) WHERE one = 1`,
  pauses: 'SELECT kind, name, paused_by, reason, at FROM pauses ORDER BY kind, name',
  queueLimits: 'SELECT queue, concurrency, burst, pace FROM queue_limits ORDER BY queue',
  /** Goes through all that runs. */
  seatAll: `INSERT INTO seats (job, queue) SELECT sequence, queue FROM jobs WHERE state = 'processing' AND queue = ?
    ON CONFLICT (job) DO NOTHING`,
} as const;
