// What is said of servers that are set up well, badly, and so that they do not tell.

import { expect, test } from 'vitest';
import type { Finding } from '../../../src/contract/backend.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { proxyOf, server, store } from './stage.ts';

function byTopic(findings: readonly Finding[]): Readonly<Record<string, Finding>> {
  return Object.fromEntries(findings.map((finding) => [finding.topic, finding]));
}

function levels(findings: readonly Finding[]): Readonly<Record<string, string>> {
  return Object.fromEntries(findings.map(({ topic, level }) => [topic, level]));
}

test('a server that is set up well', async () => {
  const primary = await server(
    ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory', '100mb'],
    ...['--repl-diskless-sync-delay', '0', '--min-replicas-to-write', '1'],
  );
  await server('--replicaof', '127.0.0.1', String(primary.port));
  await expect.poll(() => primary.cli('INFO', 'replication')).toContain('state=online');
  const { backend } = await store({ url: primary.url });
  const findings = await backend.diagnose('full');
  expect(levels(findings)).toEqual({
    persistence: 'ok',
    eviction: 'ok',
    memory: 'ok',
    replicas: 'ok',
    version: 'ok',
    latency: 'ok',
    clock: 'ok',
    cluster: 'ok',
  });
  expect(byTopic(findings).persistence).toMatchObject({ found: 'appendonly yes, appendfsync always' });
  expect(byTopic(findings).memory?.found).toContain('maxmemory 100 MiB');
  for (const finding of findings) expect(finding).not.toHaveProperty('change');
});

test('a server that is set up badly: the worst comes first, each with what it means and what to change', async () => {
  const bad = await server('--maxmemory-policy', 'allkeys-lru');
  const proxy = await proxyOf(bad);
  const clock = { ...systemClock, now: () => systemClock.now() - 60_000 };
  const { backend } = await store({ url: proxy.url, allowEviction: true, clock });
  proxy.delay({ base: 15, jitter: 0 });
  const findings = await backend.diagnose('full');
  expect(levels(findings)).toEqual({
    persistence: 'fail',
    eviction: 'fail',
    memory: 'warn',
    replicas: 'warn',
    latency: 'warn',
    clock: 'warn',
    version: 'ok',
    cluster: 'ok',
  });
  expect(findings.map(({ level }) => level).join(' ')).toMatch(/^(fail ?)+(warn ?)+(ok ?)+$/);
  for (const { level, change } of findings) expect(change === undefined).toBe(level === 'ok');
  const { persistence, eviction, memory, clock: time } = byTopic(findings);
  expect(persistence?.found).toBe('appendonly no, save none');
  expect(eviction).toMatchObject({
    found: 'maxmemory-policy allkeys-lru',
    change: 'set maxmemory-policy to noeviction',
  });
  expect(memory?.means).toContain('OOM killer');
  expect(time?.found).toMatch(/^the server is (59|60)\d{3} ms ahead/);
});

test.each([
  ['snapshots', ['--save', '3600 1 300 100'], 'fail', 'up to 3600 s'],
  ['everysec', ['--appendonly', 'yes'], 'warn', 'the last 1 s'],
  ['no fsync', ['--appendonly', 'yes', '--appendfsync', 'no'], 'warn', '30 s'],
])('persistence: %s', async (_, settings, level, means) => {
  const { backend } = await store({ url: (await server(...settings)).url });
  const { persistence } = byTopic(await backend.diagnose('full'));
  expect(persistence).toMatchObject({ level, means: expect.stringContaining(means) });
});

test('a server that does not tell its settings, as managed ones do not', async () => {
  const managed = await server();
  await managed.cli('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-config');
  const { backend } = await store({ url: `redis://app:secret@127.0.0.1:${managed.port}` });
  const { persistence, eviction, memory, replicas } = byTopic(await backend.diagnose('full'));
  expect(persistence).toMatchObject({
    level: 'warn',
    found: expect.stringContaining('not known (CONFIG is forbidden)'),
  });
  expect(replicas?.found).toContain('not known');
  // INFO tells of these.
  expect(eviction?.level).toBe('ok');
  expect(memory?.found).toContain('maxmemory none');
});

test('a replica, and a cluster without a hash tag', async () => {
  const { backend: onCluster } = await store({
    url: (await server('--cluster-enabled', 'yes')).url,
    prefix: 'untagged',
  });
  expect(byTopic(await onCluster.diagnose('full')).cluster).toMatchObject({ level: 'fail' });
  const { backend: tagged } = await store({ url: (await server('--cluster-enabled', 'yes')).url, prefix: '{tag}' });
  expect(byTopic(await tagged.diagnose('full')).cluster).toMatchObject({ level: 'warn' });
  const replica = await server('--replicaof', '127.0.0.1', '1');
  const { backend: onReplica } = await store({ url: replica.url });
  expect(byTopic(await onReplica.diagnose('full')).replicas).toMatchObject({ level: 'fail', found: 'role replica' });
});

test('a quick look measures nothing', async () => {
  const { url, cli } = await server();
  const { backend } = await store({ url });
  await cli('CONFIG', 'RESETSTAT');
  const topics = (await backend.diagnose('quick')).map(({ topic }) => topic);
  expect(await cli('INFO', 'commandstats')).not.toContain('cmdstat_ping');
  const all = (await backend.diagnose('full')).map(({ topic }) => topic);
  expect(all.filter((topic) => !topics.includes(topic)).sort()).toEqual(['clock', 'latency']);
  expect(await cli('INFO', 'commandstats')).toContain('cmdstat_ping');
});
