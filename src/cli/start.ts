import { Command, Option } from 'commander';
import type { Queues } from '../manager/queue-order.ts';
import { UsageError } from './errors.ts';
import type { LogLevel } from './logger.ts';
import {
  backendOption,
  type CommonFlags,
  configOption,
  DEFAULT_BACKEND,
  parsedBy,
  readSettings,
  wholeNumber,
} from './settings.ts';

interface StartFlags extends CommonFlags {
  readonly queues?: Queues;
  readonly concurrency?: number;
  readonly logLevel: LogLevel;
}

const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

const EXAMPLES = `
Example: a worker in a file of its own, and a job for it

cat > worker.ts <<'END'
import { defineJob } from 'wingmanjs';
const greet = defineJob<{ name: string }>({ type: 'greet' });
export const greeter = greet.handle(({ name }) => console.log('Hello, ' + name + '!'));
END
wingman enqueue greet '{ "name": "Ada" }'
wingman start worker.ts --queues default=3,mail=1 --concurrency 20
`;

export function startCommand(): Command {
  return new Command('start')
    .description('run jobs: loads modules that export handlers, and works until it is stopped')
    .argument('[module...]', "TypeScript or JavaScript files (when left out: the config file's modules)")
    .option(
      '--queues <queues>',
      "a,b: b's jobs run when a is empty; a=3,b=1: by weights (when left out: the handlers' queues)",
      parsedBy(parseQueues),
    )
    .option('--concurrency <number>', 'how many jobs run at once (when left out: 10)', parsedBy(wholeNumber))
    .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
    .addOption(configOption())
    .addOption(new Option('--log-level <level>', 'the lowest level that is logged').choices(LOG_LEVELS).default('info'))
    .addHelpText('after', EXAMPLES)
    .action(start);
}

async function start(files: readonly string[], flags: StartFlags): Promise<void> {
  const settings = await readSettings(flags);
  const { queues = settings.queues, concurrency = settings.concurrency } = flags;
  const paths = files.length > 0 ? files : (settings.modules ?? []);
  if (paths.length === 0)
    throw new UsageError("there is nothing to run: name a module, as in 'wingman start worker.ts'");
  const { handlersOf, loadModules, schedulesOf } = await import('./modules.ts');
  const modules = await loadModules(paths, process.cwd());
  const [{ Manager }, { commandLogger }] = await Promise.all([import('../manager/manager.ts'), import('./logger.ts')]);
  const manager = new Manager({
    backend: settings.backend,
    handlers: handlersOf(modules),
    schedules: schedulesOf(modules),
    logger: commandLogger(flags.logLevel),
    ...(queues !== undefined && { queues }),
    ...(concurrency !== undefined && { concurrency }),
  });
  await manager.start();
}

/** `a,b` or `a=3,b=1` */
function parseQueues(text: string): Queues {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.every((part) => part !== '' && !part.includes('='))) return parts;
  const weights = parts.map((part): [string, number] => {
    const [, name, weight] = /^(.+)=(\d+(?:\.\d+)?)$/.exec(part) ?? [];
    if (name === undefined || !(Number(weight) > 0)) {
      throw new Error('Give names, as mail,default, or a weight above 0 to each, as mail=3,default=1.');
    }
    return [name.trim(), Number(weight)];
  });
  const byName = Object.fromEntries(weights);
  if (Object.keys(byName).length < weights.length) throw new Error('It names a queue twice.');
  return byName;
}
