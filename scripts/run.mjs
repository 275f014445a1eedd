// How the scripts start other programs. No dependencies: these files run before anything is installed.

import { spawn, spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root; every command below runs there unless told otherwise. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** A failure whose message says all there is to say; a stack would only hide it. */
export class ScriptError extends Error {}

/** One short line on stderr, so that stdout stays free for results. */
export function progress(text) {
  process.stderr.write(`wingman: ${text}\n`);
}

/** A ScriptError's message, and of anything else the stack: that one is a fault of the scripts. */
export function describeFailure(error) {
  return error instanceof ScriptError ? error.message : error.stack;
}

/** Ends a script with its failure. */
export function fail(error) {
  process.stderr.write(`${describeFailure(error)}\n`);
  process.exitCode = 1;
}

/** Runs a command to its end and returns its stdout; what it printed is shown only when it fails. */
export function run(command, args, options = {}) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  if (status === 0) return stdout;
  const why = error?.message ?? (signal ? `ended by ${signal}` : `exit code ${status}`);
  throw new ScriptError([`${command} ${args.join(' ')}: ${why}`, stdout, stderr].filter(Boolean).join('\n'));
}

/** Runs one of our own scripts to its end; what it prints goes to stderr, its stdout included. */
export function runScript(name, ...args) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', name), ...args], {
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) throw new ScriptError(`scripts/${name} failed`);
}

/** Runs npm, the very one that started this script where there is one. */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  // pnpm and yarn set the variable too, and would not read our lock file.
  if (cli?.endsWith('npm-cli.js')) return run(process.execPath, [cli, ...args], options);
  return run('npm', args, { shell: process.platform === 'win32', ...options });
}

/**
 * Runs a command with our own stdin, stdout and stderr, outlives it, and resolves with its exit code (128 + the
 * signal's number when a signal ended it, as a shell would say).
 */
export function runInForeground(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
  // Ctrl-C at a terminal reaches the child by itself: sent once more, it would count as the second one, which asks to
  // stop at once. Any other signal is for us alone, and so is a SIGINT when nobody sits at a terminal.
  const atTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const forward = (signal) => {
    if (signal !== 'SIGINT' || !atTerminal) child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
