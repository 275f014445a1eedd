import type { Result } from './result.mjs';

export function withSection(readme: string, results: readonly Result[]): string;
