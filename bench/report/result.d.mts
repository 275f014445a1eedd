/** What one round gave of a contender: figures by the name of their metric, and a remark; null where it failed. */
export type Round = Readonly<Record<string, number | string>> | null;
export type Figures = Readonly<Record<string, readonly Round[]>>;

export interface Wish {
  readonly of: string;
  readonly to?: string;
  readonly metric?: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly goal?: number;
  readonly goalTo?: string;
}

export interface Verdict extends Wish {
  readonly metric: string;
  /** False where the wish has no bound: it is told and not judged. */
  readonly isAsked: boolean;
  readonly median?: number;
  readonly min?: number;
  readonly max?: number;
  readonly goalValue?: number | undefined;
  readonly isMet: boolean;
  readonly isGoalMet: boolean;
}

export interface Result {
  readonly name: string;
  readonly theme: string;
  readonly title: string;
  readonly metrics: readonly string[];
  readonly rounds: number;
  readonly isQuick: boolean;
  readonly seconds: number;
  readonly figures: Figures;
  readonly failures: readonly { readonly contender: string; readonly round: number; readonly why: string }[];
  readonly skipped: readonly { readonly contender: string; readonly why: string }[];
  readonly verdicts: readonly Verdict[];
  /** When, and what of: known once it is written. */
  readonly measured?: { readonly date: string; readonly commit: string };
}
