import { expect, test } from 'vitest';
import { newPath, openInside, openRaw } from './stage.ts';

test('the time of a write is that of a real one: another connection sees that the file has changed', async () => {
  const path = await newPath();
  const { backend } = await openInside(path);
  const other = await openRaw(path);
  const version = () => other.get('PRAGMA data_version')?.data_version;
  const before = version();
  const findings = await backend.diagnose();
  expect(findings.map(({ topic }) => topic)).toContain('writing');
  expect(version()).not.toBe(before);
  // And nothing is left of it.
  expect(other.get('SELECT count(*) AS rows FROM calls')?.rows).toBe(0);
});
