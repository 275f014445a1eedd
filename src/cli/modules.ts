import { relative, resolve } from 'node:path';
import { WingmanError } from '../core/errors.ts';
import { type AnyDefinition, type Handler, isDefinition, isHandler } from '../core/job.ts';
import { isScheduleSet, type ScheduleSet } from '../schedules/declared.ts';
import { importFile, invalidModule } from './import-file.ts';

/** What a user's module has for us. */
export interface LoadedModule {
  /** As it is shown. */
  readonly file: string;
  readonly handlers: readonly Handler[];
  /** The definitions that it exports, and those of its handlers. */
  readonly definitions: readonly AnyDefinition[];
  readonly schedules: readonly ScheduleSet[];
}

/**
 * Imports modules, one after the other, from paths that are absolute or from `folder`.
 * @throws WingmanError `WINGMAN_MODULE_INVALID` with the file and the cause
 */
export async function loadModules(paths: readonly string[], folder: string): Promise<readonly LoadedModule[]> {
  const modules: LoadedModule[] = [];
  for (const path of new Set(paths.map((each) => resolve(folder, each)))) {
    const file = shownPath(path, folder);
    const values = exportedValues(await importFile(path, file));
    const handlers = [...new Set(values.filter(isHandler))];
    const definitions = new Set([...values.filter(isDefinition), ...handlers.map(({ definition }) => definition)]);
    const schedules = [...new Set(values.filter(isScheduleSet))];
    modules.push({ file, handlers, definitions: [...definitions], schedules });
  }
  return modules;
}

/**
 * The handlers of all modules.
 * @throws WingmanError `WINGMAN_MODULE_INVALID` for a module that has neither these nor schedules, and for two handlers of one job type
 */
export function handlersOf(modules: readonly LoadedModule[]): readonly Handler[] {
  const byType = new Map<string, { readonly handler: Handler; readonly file: string }>();
  for (const { file, handlers, schedules } of modules) {
    if (handlers.length === 0 && schedules.length === 0) {
      throw invalidModule(file, 'it exports no handler; export what a definition makes, as sendInvoice.handle(fn)');
    }
    for (const handler of handlers) {
      const { type } = handler.definition;
      const other = byType.get(type);
      if (other !== undefined && other.handler !== handler) {
        const where = other.file === file ? file : `${other.file} and ${file}`;
        throw new WingmanError('WINGMAN_MODULE_INVALID', `job type '${type}' has two handlers, in ${where}: keep one`);
      }
      byType.set(type, { handler, file });
    }
  }
  return [...byType.values()].map(({ handler }) => handler);
}

/** The schedules of all modules. */
export function schedulesOf(modules: readonly LoadedModule[]): readonly ScheduleSet[] {
  return [...new Set(modules.flatMap(({ schedules }) => schedules))];
}

/** The definition of a job type, or undefined where no module has it. */
export function findDefinition(modules: readonly LoadedModule[], type: string): AnyDefinition | undefined {
  return modules.flatMap(({ definitions }) => definitions).find((definition) => definition.type === type);
}

/** Every export, and what is in those that are lists; of a CommonJS module, what is in its one export. */
function exportedValues(exported: object): unknown[] {
  const named: unknown[] = Object.values(exported);
  const main: unknown = Reflect.get(exported, 'default');
  const isPlain =
    typeof main === 'object' && main !== null && !isHandler(main) && !isDefinition(main) && !isScheduleSet(main);
  const within: unknown[] = isPlain && !Array.isArray(main) ? Object.values(main) : [];
  return [...named, ...within].flatMap((value) =>
    Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value],
  );
}

function shownPath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short.startsWith('..') ? path : short;
}
