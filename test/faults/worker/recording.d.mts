import type { Manager } from '../../../src/index.ts';
import type { History } from '../history/history.mjs';

export function record(manager: Manager, history: History): void;
