import type { Result } from './result.mjs';

export function documentOf(parts: {
  readonly about: {
    readonly date: string;
    readonly commit: string;
    readonly cpu: string;
    readonly cores: number;
    readonly memory: number;
    readonly system: string;
    readonly node: string;
    readonly redis: string;
    readonly postgres?: string;
    readonly versions: Readonly<Record<string, string>>;
  };
  readonly results: readonly Result[];
  readonly charts: readonly { readonly file: string; readonly title: string; readonly names: readonly string[] }[];
  readonly contenders: readonly {
    readonly name: string;
    readonly version?: string;
    readonly settings: readonly string[];
  }[];
}): string;
