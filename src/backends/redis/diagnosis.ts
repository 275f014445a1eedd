import type { Finding } from '../../contract/backend.ts';
import { BackendError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Connection } from './connection.ts';
import { type Facts, findings, type Measured } from './findings.ts';
import { infoFacts } from './info.ts';
import type { Keys } from './keys.ts';
import { arrayOf, textsOf } from './replies.ts';

const PINGS = 5;
const SETTINGS = ['appendonly', 'appendfsync', 'save', 'maxmemory', 'maxmemory-policy', 'min-replicas-to-write'];

/** Asks a server what its settings are and how it answers, and says what that means for the jobs on it. */
export async function diagnose(
  connection: Connection,
  keys: Keys,
  clock: Clock,
  depth: 'full' | 'quick',
): Promise<readonly Finding[]> {
  const info = infoFacts(await connection.do((client) => client.info()));
  const setting = await settings(connection);
  const measured = depth === 'full' ? await measure(connection, clock) : null;
  return findings({ info, setting, measured, prefix: keys.root });
}

async function measure(connection: Connection, clock: Clock): Promise<Measured> {
  const pings: number[] = [];
  for (let ping = 1; ping <= PINGS; ping += 1) {
    const start = clock.monotonic();
    await connection.do((client) => client.ping());
    pings.push(clock.monotonic() - start);
  }
  return { pings, ahead: await ahead(connection, clock) };
}

/** What the server is set to; null for what it does not tell. */
async function settings(connection: Connection): Promise<Facts['setting']> {
  const told = await connection
    .do((client) => client.config('GET', ...SETTINGS))
    .then((reply) => textsOf(arrayOf(reply)))
    .catch((error: unknown): readonly string[] => {
      // A managed server refuses the command, or does not know it.
      if (error instanceof BackendError && error.code !== 'WINGMAN_BACKEND_UNREACHABLE') return [];
      throw error;
    });
  return (name) => {
    const at = told.indexOf(name);
    return at % 2 === 0 ? (told[at + 1] ?? null) : null;
  };
}

/** How far the server's clock is ahead of this process's, in milliseconds, as far as the way there and back lets one tell. */
async function ahead(connection: Connection, clock: Clock): Promise<Measured['ahead']> {
  const before = clock.now();
  const [seconds, microseconds] = await connection.do((client) => client.time());
  const after = clock.now();
  const server = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
  return { by: server - (before + after) / 2, error: Math.abs(after - before) / 2 };
}
