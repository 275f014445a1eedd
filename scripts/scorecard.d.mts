import type { Result } from '../test/faults/play.ts';

export interface About {
  readonly date: string;
  readonly node: string;
  readonly redis: string;
  readonly cores: number;
}

/** A result with the commit that was played. */
export interface Played extends Result {
  readonly commit: string;
}

export function scorecard(results: readonly Played[], about: About): string;
export function merge(document: string, results: readonly Played[]): Played[];
export function table(results: readonly Result[]): string;
export function quantile(sorted: readonly number[], part: number): number;
export function describeTotals(results: readonly Result[]): string;
