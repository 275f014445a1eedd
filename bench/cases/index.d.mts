import type { Wish } from '../report/result.mjs';

export interface Case {
  readonly name: string;
  readonly theme: string;
  readonly title: string;
  readonly measure: string;
  readonly metrics: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly contenders: readonly {
    readonly name: string;
    readonly peer: string;
    readonly store: 'redis' | 'sqlite' | 'postgres';
    readonly fullOnly: boolean;
    readonly settings: Readonly<Record<string, unknown>>;
  }[];
  readonly rounds: readonly [quick: number, full: number];
  readonly together?: boolean;
  readonly inTurns?: boolean;
  readonly wanted: readonly Wish[];
}

export const cases: readonly Case[];
