import type { Figures, Verdict, Wish } from './result.mjs';

export function judge(wish: Wish, firstMetric: string, figures: Figures): Verdict;
