import type { Result } from '../test/faults/play.ts';

export interface About {
  readonly date: string;
  readonly node: string;
  readonly redis: string;
  readonly cores: number;
  readonly commit: string;
}

export function scorecard(results: readonly Result[], about: About): string;
export function merge(document: string, results: readonly Result[]): Result[];
export function table(results: readonly Result[]): string;
export function describeTotals(results: readonly Result[]): string;
