import { Command } from 'commander';
import { openBackend } from '../backends/open.ts';
import type { Backend, Finding } from '../contract/backend.ts';
import { withoutPassword } from '../core/errors.ts';
import { out } from './colors.ts';
import { printable } from './format.ts';
import { print } from './output.ts';
import { backendOption, type CommonFlags, configOption, DEFAULT_BACKEND, readSettings } from './settings.ts';
import { refuseMemory, refuseMissing } from './where.ts';

interface DoctorFlags extends CommonFlags {
  readonly json?: true;
}

const EXAMPLES = `
Examples:

wingman doctor
wingman doctor --json
`;

export function doctorCommand(): Command {
  return new Command('doctor')
    .description("say what the store's settings mean for the guarantees, and what to change")
    .option('--json', 'print one JSON object')
    .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
    .addOption(configOption())
    .addHelpText('after', EXAMPLES)
    .action(doctor);
}

/** Ends with 1 where a finding says that jobs may be lost or stand still. */
async function doctor(flags: DoctorFlags): Promise<void> {
  const { backend: url } = await readSettings(flags);
  refuseMemory(url);
  refuseMissing(url);
  const backend = await open(url);
  try {
    const findings = await backend.diagnose('full');
    const text =
      flags.json === true
        ? JSON.stringify({ backend: withoutPassword(url), findings })
        : [printable(backend.location), '', ...findings.flatMap(report)].join('\n').trimEnd();
    await print(`${text}\n`);
    if (findings.some(({ level }) => level === 'fail')) process.exitCode = 1;
  } finally {
    await backend.close();
  }
}

/** A server with a policy that is refused elsewhere is just what a doctor is asked about. */
async function open(url: string): Promise<Backend> {
  if (!/^rediss?:/i.test(url)) return openBackend(url);
  const redis = await import('../backends/redis/index.ts');
  return redis.open({ url, allowEviction: true });
}

const MARKS = {
  ok: out.green('ok  '),
  warn: out.yellow('warn'),
  fail: out.red('FAIL'),
} as const;

function report({ level, topic, found, means, change }: Finding): string[] {
  const lines = [`${MARKS[level]}  ${out.bold(printable(topic))}: ${printable(found)}`, `      ${printable(means)}`];
  if (change !== undefined) lines.push(`      → ${printable(change)}`);
  return [...lines, ''];
}
