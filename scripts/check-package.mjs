// `npm run check:package`: installs the package as it would be published into an empty project, and on each Node.js
// imports every entry, runs `wingman --help`, and follows the README's quick start (see quick-start.mjs).
// `npm run check:package -- 22 24` checks those versions only.

import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingLines, readQuickStart } from './quick-start.mjs';
import { describeFailure, fail, npm, progress, root, run, ScriptError } from './run.mjs';
import { ensureBuilt, ensureInstalled, ensureNode } from './setup.mjs';

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24', '26'];
/** A command that runs for longer is taken for one that goes on until it is stopped, and the next one is started. */
const settleMs = 2_000;
const printsWithinMs = 30_000;
const stopsWithinMs = 15_000;

const temporary = mkdtempSync(join(tmpdir(), 'wingman-package-'));
process.on('exit', () => rmSync(temporary, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

try {
  ensureNode();
  ensureInstalled();
  ensureBuilt();
  await checkPackage();
} catch (error) {
  fail(error);
}

async function checkPackage() {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const quickStart = readQuickStart(readFileSync(join(root, 'README.md'), 'utf8'));
  const project = installProject(name, quickStart);
  const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'));

  const checks = {
    'every import': (copy, env) => {
      for (const entry of entries) {
        const code = `await import('${join(name, entry)}')`;
        run('node', ['--input-type=module', '--eval', code], { cwd: copy, env });
      }
    },
    'wingman --help': (copy, env) => run(join(copy, 'node_modules/.bin/wingman'), ['--help'], { cwd: copy, env }),
    'quick start': (copy, env) => follow(quickStart, copy, env),
  };
  const table = [];
  for (const version of versions) {
    const node = installNode(version);
    progress(`checking on Node.js ${node.version}`);
    const row = { 'Node.js': node.version };
    for (const [check, perform] of Object.entries(checks)) {
      const copy = join(temporary, `${version} ${check}`.replaceAll(' ', '-'));
      cpSync(project, copy, { recursive: true, verbatimSymlinks: true });
      try {
        await perform(copy, node.env);
        row[check] = 'ok';
      } catch (error) {
        row[check] = 'FAILED';
        process.exitCode = 1;
        console.error(`${check} on Node.js ${node.version}: ${describeFailure(error)}\n`);
      }
    }
    table.push(row);
  }
  printTable(table);
}

/** An empty folder, the packages the README names, ours as it was packed, and the quick start's files. */
function installProject(name, { packages, files }) {
  progress('installing the package into an empty project');
  const tarball = join(temporary, npm(['pack', '--silent', '--pack-destination', temporary]).trim());
  const project = join(temporary, 'project');
  mkdirSync(project);
  const wanted = packages.map((wantedName) => (wantedName === name ? tarball : wantedName));
  if (!wanted.includes(tarball)) throw new ScriptError(`README.md's first npm install does not name ${name}`);
  npm(['install', '--ignore-scripts', '--prefix', project, ...wanted], { cwd: project, env: cleanEnvironment() });
  for (const [file, text] of files) {
    mkdirSync(dirname(join(project, file)), { recursive: true });
    writeFileSync(join(project, file), text);
  }
  return project;
}

/** The newest release of a major version, from the package that carries nothing but the binary. */
function installNode(version) {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const folder = join(temporary, `node-${version}`);
  mkdirSync(folder);
  npm(['install', '--ignore-scripts', '--no-save', '--prefix', folder, `${name}@${version}`], {
    cwd: folder,
    env: cleanEnvironment(),
  });
  const env = cleanEnvironment();
  env.PATH = [join(folder, 'node_modules', name, 'bin'), env.PATH].join(delimiter);
  return { version: run('node', ['--version'], { env }).trim().slice(1), env };
}

/** Without what npm tells the scripts it runs: npm in the other project would take our folder for its own. */
function cleanEnvironment() {
  const ours = /^(npm_package_|npm_lifecycle_|npm_config_local_prefix$|npm_config_ignore_scripts$|INIT_CWD$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** Runs the commands in order and beside each other, waits for what they must print, and stops those still running. */
async function follow({ commands, prints }, cwd, env) {
  const started = [];
  const output = () => started.map(({ command, text }) => `$ ${command}\n${text}`).join('\n');
  try {
    for (const command of commands) {
      const one = start(command, cwd, env);
      started.push(one);
      await Promise.race([one.ended, sleep(settleMs, undefined, { ref: false })]);
    }
    const deadline = performance.now() + printsWithinMs;
    const waits = () => started.some(({ code }) => code === undefined) && performance.now() < deadline;
    while (missingLines(prints, output()).length > 0 && waits()) await sleep(50);
  } finally {
    await Promise.all(started.map(stop));
  }
  const missing = missingLines(prints, output());
  if (missing.length > 0) throw new ScriptError(`did not print:\n${missing.join('\n')}\n\nbut:\n${output()}`);
  const failed = started.find(({ code, stopped }) => code !== 0 && !stopped);
  if (failed) throw new ScriptError(`${failed.command} ended with ${failed.code}:\n${output()}`);
}

function start(command, cwd, env) {
  // A group of its own, so that what a shell or npx starts is stopped with it.
  const child = spawn(command, { cwd, env, shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const one = { command, child, text: '', code: undefined, stopped: false, ended: undefined };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      one.text += chunk;
    });
  }
  one.ended = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      one.code = code ?? signal;
      resolve();
    });
  });
  return one;
}

async function stop(one) {
  if (one.code !== undefined) return;
  one.stopped = true;
  killGroup(one, 'SIGTERM');
  const stopped = await Promise.race([one.ended.then(() => true), sleep(stopsWithinMs, false, { ref: false })]);
  if (stopped) return;
  killGroup(one, 'SIGKILL');
  throw new ScriptError(`${one.command} did not stop within ${stopsWithinMs} ms of SIGTERM:\n${one.text}`);
}

function killGroup({ child }, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // It has just ended by itself.
  }
}

function printTable(rows) {
  const columns = Object.keys(rows[0]);
  const widths = columns.map((column) =>
    Math.max(...[column, ...rows.map((row) => row[column])].map((text) => text.length)),
  );
  for (const cells of [columns, ...rows.map((row) => columns.map((column) => row[column]))]) {
    console.log(
      cells
        .map((cell, index) => cell.padEnd(widths[index]))
        .join('  ')
        .trimEnd(),
    );
  }
}
