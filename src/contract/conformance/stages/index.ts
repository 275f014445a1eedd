import { describe } from 'vitest';
import type { Subject } from '../subject.ts';
import { endingSuite } from './ending.ts';
import { lockingSuite } from './locking.ts';
import { lookingSuite } from './looking.ts';
import { poppingSuite } from './popping.ts';
import { pushingSuite } from './pushing.ts';
import { settlingSuite } from './settling.ts';

/** The sixteen stages, one at a time: each row of their table. */
export function stagesSuite(subject: Subject): void {
  describe('stages', () => {
    for (const suite of [pushingSuite, poppingSuite, lockingSuite, settlingSuite, lookingSuite, endingSuite])
      suite(subject);
  });
}
