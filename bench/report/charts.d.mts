import type { Result } from './result.mjs';

export function drawAll(results: readonly Result[]): {
  file: string;
  title: string;
  names: string[];
  svg: string;
}[];
