import type { Wingman } from '../client/wingman.ts';
import { WingmanError } from '../core/errors.ts';
import { printable } from './format.ts';
import { print } from './output.ts';
import { type CommonFlags, readSettings } from './settings.ts';
import { refuseMemory, refuseMissing } from './where.ts';

/** Opens the store that the flags, the environment or the config file name, where there is one. */
export async function openExisting(flags: CommonFlags): Promise<Wingman> {
  const { backend: url } = await readSettings(flags);
  refuseMemory(url);
  refuseMissing(url);
  const { connect } = await import('../client/connect.ts');
  return connect(url);
}

/**
 * Acts on jobs or schedules one by one, and prints what became of each, or only what was wrong. One id that is wrong does not keep
 * the others from it.
 */
export async function actOnEach(
  ids: readonly string[],
  act: (id: string) => Promise<string>,
  { isQuiet = false }: { readonly isQuiet?: boolean } = {},
): Promise<void> {
  for (const id of ids) {
    try {
      const result = await act(id);
      if (!isQuiet) await print(`${printable(id)} ${result}\n`);
    } catch (error) {
      if (!(error instanceof WingmanError) || !isAboutOne(error)) throw error;
      process.stderr.write(`${printable(error.message)} (${error.code})\n`);
      process.exitCode = 1;
    }
  }
}

const ABOUT_ONE: ReadonlySet<string> = new Set([
  'WINGMAN_JOB_NOT_FOUND',
  'WINGMAN_JOB_STATE',
  'WINGMAN_SCHEDULE_NOT_FOUND',
  'WINGMAN_SCHEDULE_INVALID',
  'WINGMAN_SCHEDULE_DAMAGED',
]);

function isAboutOne({ code }: WingmanError): boolean {
  return ABOUT_ONE.has(code);
}
