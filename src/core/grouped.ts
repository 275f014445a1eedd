let format: Intl.NumberFormat | null = null;

/** `1,234,567`. What writes it is made when it is first needed: that takes 20 ms, and most processes never do. */
export function grouped(value: number): string {
  format ??= new Intl.NumberFormat('en-US');
  return format.format(value);
}
