export const metrics: Readonly<
  Record<string, { readonly title: string; readonly unit: string; readonly isMore: boolean }>
>;
export function shown(value: number | undefined): string;
