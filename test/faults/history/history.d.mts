import type { Happening } from './events.ts';

export interface History {
  write(event: Happening): void;
  /** Several at once: for what happens to a batch. */
  writeAll(events: readonly Happening[]): void;
  close(): void;
}

export function instant(): number;
export function openHistory(folder: string, name: string): History;
