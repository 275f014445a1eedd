import { InvalidArgumentError, Option } from 'commander';
import { messageOf } from '../core/errors.ts';
import { type Config, loadConfig } from './config.ts';

/** The flags that all commands share which look at a backend. */
export interface CommonFlags {
  readonly backend?: string;
  readonly config?: string;
}

export const DEFAULT_BACKEND = 'sqlite:wingman.db';

/** What holds where the command line says nothing else. */
export interface Settings extends Config {
  readonly backend: string;
}

/** A flag goes before the environment, the environment before the config file, and that before what is built in. */
export async function readSettings({ backend, config: file }: CommonFlags): Promise<Settings> {
  const config = await loadConfig(file, process.cwd());
  return { ...config, backend: backend ?? backendInEnvironment() ?? config.backend ?? DEFAULT_BACKEND };
}

export function backendInEnvironment(): string | undefined {
  const { WINGMAN_BACKEND } = process.env;
  return WINGMAN_BACKEND === '' ? undefined : WINGMAN_BACKEND;
}

export function backendOption(whenLeftOut: string): Option {
  return new Option('--backend <url>', `redis://host:port, rediss://… or sqlite:path (${whenLeftOut})`);
}

export function configOption(): Option {
  return new Option('--config <file>', 'the config file (when left out: wingman.config.ts, if there is one)');
}

/** An argument's parser, from a function that throws what is wrong with it. */
export function parsedBy<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(messageOf(error));
    }
  };
}

export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error('It must be a whole number of at least 1.');
  return Number(text);
}
