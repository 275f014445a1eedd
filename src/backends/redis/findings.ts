import type { Finding } from '../../contract/backend.ts';
import type { Fact } from './info.ts';
import { OLDEST_VERSION } from './requirements.ts';

/** What is known of a server. */
export interface Facts {
  /** From INFO. */
  readonly info: Fact;
  /** From CONFIG GET; null where the server does not tell. */
  readonly setting: (name: string) => string | null;
  /** Null where nobody took the time. */
  readonly measured: Measured | null;
  readonly prefix: string;
}

export interface Measured {
  /** How long it took to answer, in milliseconds. */
  readonly pings: readonly number[];
  /** How far its clock is ahead of this process's, and how wrong that may be, in milliseconds. */
  readonly ahead: { readonly by: number; readonly error: number };
}

const LEVELS = ['fail', 'warn', 'ok'];
const SLOW = 20;
const VERY_SLOW = 500;
const MOST_CLOCK_DIFFERENCE = 500;
const MEBIBYTE = 1_048_576;

/** What a server's settings mean for the guarantees, the worst first. */
export function findings(facts: Facts): readonly Finding[] {
  const all = [
    persistence(facts),
    ...disk(facts),
    eviction(facts),
    memory(facts),
    replicas(facts),
    version(facts),
    ...(facts.measured === null ? [] : [latency(facts.measured), clock(facts.measured)]),
    cluster(facts),
  ];
  return all.sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
}

function persistence({ info, setting }: Facts): Finding {
  const topic = 'persistence';
  const isLogged = (setting('appendonly') ?? (info('aof_enabled') === '1' ? 'yes' : 'no')) === 'yes';
  if (isLogged) return logged(setting('appendfsync'));
  const save = setting('save');
  const change = 'set appendonly to yes, and appendfsync to everysec (loses up to 1 s) or always (loses nothing)';
  if (save === null) {
    const means =
      'a crash loses all jobs and results since the last snapshot, if there is any; how old that is, is not known';
    return { level: 'warn', topic, found: 'appendonly no, save not known (CONFIG is forbidden)', means, change };
  }
  if (save === '') {
    const means = 'every job is lost when the server ends: nothing is written to disk';
    return { level: 'fail', topic, found: 'appendonly no, save none', means, change };
  }
  const intervals = save.split(' ').filter((_, at) => at % 2 === 0);
  const [longest, shortest] = [Math.max(...intervals.map(Number)), Math.min(...intervals.map(Number))];
  const range = longest === shortest ? `${longest} s` : `${longest} s (under load, ${shortest} s)`;
  const means = `a crash of the server loses what was enqueued and settled since the last snapshot: up to ${range} or more`;
  return { level: 'fail', topic, found: `appendonly no, save ${save}`, means, change };
}

function logged(appendfsync: string | null): Finding {
  const topic = 'persistence';
  const found = `appendonly yes, appendfsync ${appendfsync ?? 'not known (CONFIG is forbidden)'}`;
  const change = 'set appendfsync to always where no job may be lost; each step then waits for the disk';
  switch (appendfsync) {
    case 'always':
      return {
        level: 'ok',
        topic,
        found,
        means: 'loses 0 s: what is acknowledged is on disk, and survives a power cut',
      };
    case 'everysec': {
      const means =
        'when the machine fails, the last 1 s is lost, 2 s at a slow disk; when only the server crashes, hardly anything';
      return { level: 'warn', topic, found, means, change };
    }
    case 'no': {
      const means = 'when the machine fails, what the system has not written by itself is lost: mostly up to 30 s';
      return { level: 'warn', topic, found, means, change: 'set appendfsync to everysec or always' };
    }
    default: {
      const means = 'when the machine fails, between 0 s and some 30 s are lost, depending on appendfsync';
      return { level: 'warn', topic, found, means, change: "look up appendfsync in your provider's console" };
    }
  }
}

/** Only what is wrong. */
function disk({ info }: Facts): Finding[] {
  const failing = ['aof_last_write_status', 'rdb_last_bgsave_status'].filter((name) => (info(name) ?? 'ok') !== 'ok');
  return failing.map((name) => ({
    level: 'fail',
    topic: 'disk',
    found: `${name} ${info(name)}`,
    means: 'the server could not write its files: it loses jobs when it ends, and may refuse every write until then',
    change: "see the server's log; mostly its disk is full or its folder cannot be written to",
  }));
}

function eviction({ info, setting }: Facts): Finding {
  const topic = 'eviction';
  const policy = setting('maxmemory-policy') ?? info('maxmemory_policy');
  if (policy === 'noeviction') {
    const means = 'a server whose memory is full refuses new jobs, and deletes none';
    return { level: 'ok', topic, found: 'maxmemory-policy noeviction', means };
  }
  const means = 'a server whose memory is full deletes jobs, locks and results, and tells nobody';
  const change = 'set maxmemory-policy to noeviction';
  if (policy !== undefined) return { level: 'fail', topic, found: `maxmemory-policy ${policy}`, means, change };
  return {
    level: 'warn',
    topic,
    found: 'maxmemory-policy not known',
    means: `unless it is noeviction, ${means}`,
    change,
  };
}

function memory({ info, setting }: Facts): Finding {
  const topic = 'memory';
  const limit = Number(setting('maxmemory') ?? info('maxmemory') ?? Number.NaN);
  const used = Number(info('used_memory') ?? Number.NaN);
  const usedNow = Number.isNaN(used) ? '' : `, ${mebibytes(used)} used`;
  if (limit > 0) {
    const found = `maxmemory ${mebibytes(limit)}${usedNow}`;
    if (used < 0.9 * limit) {
      return {
        level: 'ok',
        topic,
        found,
        means: 'when it is full, new jobs are refused, and those that run are settled',
      };
    }
    const means = 'the memory is nearly full: new jobs are about to be refused';
    return { level: 'warn', topic, found, means, change: 'raise maxmemory, or keep fewer failed and completed jobs' };
  }
  const means =
    'the server grows until the system kills it (the OOM killer), and with it all that persistence does not cover; every job stands still';
  const change = "set maxmemory to some three quarters of the machine's memory";
  return { level: 'warn', topic, found: `maxmemory ${limit === 0 ? 'none' : 'not known'}${usedNow}`, means, change };
}

function replicas({ info, setting }: Facts): Finding {
  const topic = 'replicas';
  if (info('role') === 'slave') {
    const means = 'this server is a replica: nothing can be enqueued or claimed here';
    return { level: 'fail', topic, found: 'role replica', means, change: 'connect to its primary' };
  }
  const count = Number(info('connected_slaves') ?? 0);
  const least = setting('min-replicas-to-write');
  const found = `${count} connected, min-replicas-to-write ${least ?? 'not known (CONFIG is forbidden)'}`;
  if (count === 0) {
    const means =
      'the jobs are on this server only: while it is away all stand still, and if its disk is lost so are they';
    return {
      level: 'warn',
      topic,
      found,
      means,
      change: 'add a replica on another machine, and what fails over to it',
    };
  }
  if (Number(least ?? 0) === 0) {
    const means = 'a failover loses what was acknowledged and had not reached the replica yet: mostly less than 1 s';
    const change = "set min-replicas-to-write to 1, or enqueue with durability 'replicated' what must not be lost";
    return { level: 'warn', topic, found, means, change };
  }
  const means = 'a primary that has lost its replicas refuses writes, so a failover loses little';
  return { level: 'ok', topic, found, means };
}

function version({ info }: Facts): Finding {
  const topic = 'version';
  const [name, number] =
    info('valkey_version') === undefined ? ['Redis', 'redis_version'] : ['Valkey', 'valkey_version'];
  const found = info(number);
  if (found === undefined) {
    const means = `it should do what Redis ${OLDEST_VERSION}.0 does; whether it does is not known`;
    return { level: 'warn', topic, found: 'not told', means };
  }
  if (Number.parseInt(found, 10) >= OLDEST_VERSION) {
    return { level: 'ok', topic, found: `${name} ${found}`, means: 'jobs are settled even when its memory is full' };
  }
  const means = 'jobs cannot be settled when its memory is full';
  return { level: 'fail', topic, found: `${name} ${found}`, means, change: `use Redis ${OLDEST_VERSION}.0 or newer` };
}

function latency({ pings }: Measured): Finding {
  const topic = 'latency';
  const sorted = [...pings].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const worst = sorted.at(-1) ?? 0;
  const found = `median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms of ${pings.length}`;
  const perSecond = Math.floor(1_000 / Math.max(median, 0.001));
  if (median <= SLOW && worst <= VERY_SLOW) {
    return { level: 'ok', topic, found, means: 'every claim and settle takes as long, one for a whole batch' };
  }
  const means = `a manager that runs one job at a time gets through ${perSecond} a second at most; enqueueing waits as long`;
  const change =
    'move managers nearer to the server, or raise concurrency; see what keeps the server busy (SLOWLOG GET)';
  return { level: 'warn', topic, found, means, change };
}

function clock({ ahead: { by, error } }: Measured): Finding {
  const topic = 'clock';
  const found = `the server is ${Math.abs(by).toFixed(0)} ms ${by < 0 ? 'behind' : 'ahead'}, give or take ${error.toFixed(0)} ms`;
  if (Math.abs(by) - error <= MOST_CLOCK_DIFFERENCE) {
    return { level: 'ok', topic, found, means: "leases, delays and schedules go by the server's clock alone" };
  }
  const means = `leases and delays go by the server's clock and are right; a job due at an instant runs ${by < 0 ? 'late' : 'early'} by that much`;
  return { level: 'warn', topic, found, means, change: 'have NTP set both clocks' };
}

function cluster({ info, prefix }: Facts): Finding {
  const topic = 'cluster';
  if (info('cluster_enabled') !== '1') {
    return { level: 'ok', topic, found: 'cluster_enabled no', means: 'all keys are on one server' };
  }
  const found = 'cluster_enabled yes';
  if (!/\{[^}]+\}/.test(prefix)) {
    const means = 'the keys lie in several slots, and every step is refused';
    return { level: 'fail', topic, found, means, change: "use a prefix with a hash tag, as '{wingman}'" };
  }
  const means = 'all keys lie in one slot, and so on one server; when the slot moves, this connection does not follow';
  return {
    level: 'warn',
    topic,
    found,
    means,
    change: 'open another backend, with the address of the server that has the slot',
  };
}

function mebibytes(bytes: number): string {
  return `${(bytes / MEBIBYTE).toFixed(bytes < 10 * MEBIBYTE ? 1 : 0)} MiB`;
}
