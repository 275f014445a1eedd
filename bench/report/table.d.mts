import type { Result, Verdict } from './result.mjs';

export function describe(result: Result): string;
export function describeVerdict(verdict: Verdict): string;
export function align(rows: readonly (readonly string[])[]): string[];
