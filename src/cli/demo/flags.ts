export interface DemoFlags {
  readonly dir?: string;
  readonly backend?: string;
  readonly concurrency?: number;
  readonly json?: true;
  readonly resume?: true;
  readonly keep?: true;
}

export const DEFAULT_CONCURRENCY = 16;
