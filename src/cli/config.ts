import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { shown, WingmanError } from '../core/errors.ts';
import { importFile } from './import-file.ts';

/** What a `wingman.config.ts` exports as its default. Each field is what is used where the command line has no flag for it. */
export interface Config {
  /** `redis://host:port`, `rediss://…` or `sqlite:path`; a relative path is from where the command is run. */
  readonly backend?: string;
  /** A list is a strict order; an object gives weights. */
  readonly queues?: readonly string[] | Readonly<Record<string, number>>;
  /** How many jobs run at once. */
  readonly concurrency?: number;
  /** Files that export handlers or definitions; relative paths are from the config file's folder. */
  readonly modules?: readonly string[];
}

/** In the order in which they are looked for. */
const CONFIG_NAMES = ['wingman.config.ts', 'wingman.config.mts', 'wingman.config.js', 'wingman.config.mjs'];

const FIELDS = ['backend', 'queues', 'concurrency', 'modules'];

/**
 * Reads the config file: the one that is named, else the first of `CONFIG_NAMES` that is in the folder, else nothing.
 * Paths of modules are absolute in what it gives.
 * @throws WingmanError `WINGMAN_MODULE_INVALID` where it cannot be loaded, `WINGMAN_OPTION_INVALID` for what is in it
 */
export async function loadConfig(named: string | undefined, folder: string): Promise<Config> {
  const file = named ?? CONFIG_NAMES.find((name) => existsSync(join(folder, name)));
  if (file === undefined) return {};
  const path = resolve(folder, file);
  const config: unknown = Reflect.get(await importFile(path, file), 'default');
  return checkConfig(config, file, dirname(path));
}

function checkConfig(config: unknown, file: string, folder: string): Config {
  if (!isRecord(config)) throw invalid(file, 'its default export must be an object', config);
  const unknownField = Object.keys(config).find((name) => !FIELDS.includes(name));
  if (unknownField !== undefined) {
    const message = `${file}: there is no field '${unknownField}'; the fields are ${FIELDS.join(', ')}`;
    throw new WingmanError('WINGMAN_OPTION_INVALID', message);
  }
  const { backend, queues, concurrency, modules } = config;
  if (backend !== undefined && typeof backend !== 'string') throw invalid(file, "'backend' must be a URL", backend);
  if (queues !== undefined && !isQueues(queues)) {
    throw invalid(
      file,
      "'queues' must be names, as ['mail', 'default'], or weights, as { mail: 3, default: 1 }",
      queues,
    );
  }
  if (concurrency !== undefined && !isCount(concurrency)) {
    throw invalid(file, "'concurrency' must be a whole number of at least 1", concurrency);
  }
  if (modules !== undefined && !isListOf(modules, isText)) {
    throw invalid(file, "'modules' must be a list of paths", modules);
  }
  return {
    ...(backend !== undefined && { backend }),
    ...(queues !== undefined && { queues }),
    ...(concurrency !== undefined && { concurrency }),
    ...(modules !== undefined && { modules: modules.map((module) => resolve(folder, module)) }),
  };
}

function isQueues(value: unknown): value is NonNullable<Config['queues']> {
  if (isListOf(value, isText)) return true;
  return isRecord(value) && Object.values(value).every((weight) => typeof weight === 'number' && weight > 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOf<Item>(value: unknown, isItem: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.length > 0 && value.every(isItem);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1;
}

function invalid(file: string, rule: string, received: unknown): WingmanError {
  return new WingmanError('WINGMAN_OPTION_INVALID', `${file}: ${rule}; received ${shown(received)}`);
}
