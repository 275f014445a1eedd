import { describe, expect, it } from 'vitest';
import { begin, HOUR } from './session.ts';
import type { Subject } from './subject.ts';

export function leadershipSuite(subject: Subject): void {
  describe('leadership', () => {
    it('is had by one candidate at a time, who may renew it', async () => {
      const { session } = await begin(subject);
      expect(await session.lead('a', HOUR)).toBe(true);
      expect(await session.lead('b', HOUR)).toBe(false);
      expect(await session.lead('a', HOUR)).toBe(true);
      expect(await session.lead('b', HOUR)).toBe(false);
    });

    it('is given to one of those who ask at the same time', async () => {
      const { session } = await begin(subject);
      const candidates = Array.from({ length: 20 }, (_, index) => `candidate-${index}`);
      const answers = await Promise.all(candidates.map((candidate) => session.lead(candidate, HOUR)));
      expect(answers.filter(Boolean)).toHaveLength(1);
    });

    it('ends by itself, by the clock of the backend', async () => {
      const { session, backend } = await begin(subject);
      await session.lead('a', 1);
      await session.passed((await backend.now()) + 1);
      expect(await session.lead('b', HOUR)).toBe(true);
      expect(await session.lead('a', HOUR)).toBe(false);
    });

    it('is renewed from now on: the lease that was asked for last counts', async () => {
      const { session, backend } = await begin(subject);
      await session.lead('a', HOUR);
      await session.lead('a', 1);
      await session.passed((await backend.now()) + 1);
      expect(await session.lead('b', HOUR)).toBe(true);
    });

    it('is given up by who has it, and by nobody else', async () => {
      const { session, backend } = await begin(subject);
      await backend.resign('nobody');
      await session.lead('a', HOUR);
      await backend.resign('b');
      expect(await session.lead('b', HOUR)).toBe(false);
      await backend.resign('a');
      expect(await session.lead('b', HOUR)).toBe(true);
    });
  });
}
