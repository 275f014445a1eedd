import { expect, test } from 'vitest';
import { newPath, openInside, openRaw } from './stage.ts';

test('the time of a write is that of a real one: another connection sees that the file has changed', async () => {
  const path = await newPath();
  const { backend } = await openInside(path);
  const other = await openRaw(path);
  const version = () => other.get('PRAGMA data_version')?.data_version;
  const before = version();
  const findings = await backend.diagnose('full');
  expect(findings.map(({ topic }) => topic)).toContain('writing');
  expect(version()).not.toBe(before);
  // And nothing is left of it.
  expect(other.get('SELECT count(*) AS rows FROM calls')?.rows).toBe(0);
});

test('a quick look writes nothing, and reads no more than the header', async () => {
  const path = await newPath();
  const { backend } = await openInside(path);
  const other = await openRaw(path);
  const version = () => other.get('PRAGMA data_version')?.data_version;
  const before = version();
  const topics = (await backend.diagnose('quick')).map(({ topic }) => topic);
  const all = (await backend.diagnose('full')).map(({ topic }) => topic);
  expect(all.filter((topic) => !topics.includes(topic)).sort()).toEqual(['integrity', 'writing']);
  await backend.diagnose('quick');
  const after = version();
  expect(after).not.toBe(before);
  await backend.diagnose('quick');
  expect(version()).toBe(after);
});
