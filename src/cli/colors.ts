import pc from 'picocolors';

/** Colours for stdout, and for stderr: one may be a terminal while the other is not. */
export const out = pc.createColors(hasColors(process.stdout));
export const err = pc.createColors(hasColors(process.stderr));

function hasColors({ isTTY }: { readonly isTTY?: boolean }): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0';
  return isTTY === true && TERM !== 'dumb';
}
