import type { Round } from './result.mjs';

export function median(values: readonly number[]): number;
export function ratios(rounds: readonly Round[], others: readonly Round[], metric: string): number[];
export function spread(values: readonly number[]): { median: number; min: number; max: number };
export function percentile(sorted: ArrayLike<number>, share: number): number;
