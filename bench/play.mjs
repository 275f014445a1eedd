// Plays a case: all contenders in turn, A B A B, each in a fresh process on a fresh store.

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { progress } from '../scripts/run.mjs';
import { settle } from './cases/shape.mjs';
import { judge } from './report/judge.mjs';
import { startStore } from './stores/index.mjs';
import { Turns } from './turns.mjs';

const script = fileURLToPath(new URL('contend.mjs', import.meta.url));

/** @param how `isQuick`; `rounds`, or the case's own where left out; `stores`: what `findStores` gave */
export async function play(one, { isQuick, rounds = one.rounds[isQuick ? 0 : 1], stores }) {
  const skipped = one.contenders
    .filter(({ store }) => stores[store].missing !== undefined)
    .map(({ name, store }) => ({ contender: name, why: stores[store].missing }));
  const isFit = ({ store, fullOnly }) => stores[store].missing === undefined && !(isQuick && fullOnly);
  const contenders = one.contenders.filter(isFit);
  /** By contender: what each round gave, null where it failed. */
  const figures = Object.fromEntries(contenders.map(({ name }) => [name, []]));
  const failures = [];
  const measure = async (contender, round, turns) => {
    try {
      figures[contender.name].push(await contend(one, contender, { isQuick, stores, turns }));
    } catch (error) {
      figures[contender.name].push(null);
      failures.push({ contender: contender.name, round, why: error.message });
      progress(`${one.name}, ${contender.name}: failed\n${error.message}`);
    }
  };
  const from = performance.now();
  for (let round = 1; round <= rounds; round += 1) {
    progress(`${one.name}, round ${round} of ${rounds}`);
    const turns = one.inTurns ? new Turns(contenders.length) : undefined;
    if (one.together || one.inTurns) await Promise.all(contenders.map((contender) => measure(contender, round, turns)));
    else for (const contender of contenders) await measure(contender, round);
  }
  const { name, theme, title, metrics } = one;
  return {
    name,
    theme,
    title,
    metrics,
    rounds,
    isQuick,
    seconds: Math.round((performance.now() - from) / 1000),
    figures,
    failures,
    skipped,
    verdicts: one.wanted.map((wish) => judge(wish, metrics[0], figures)),
  };
}

async function contend({ measure, settings }, contender, { isQuick, stores, turns }) {
  const store = await startStore(contender.store, stores).catch((error) => {
    turns?.leave();
    throw error;
  });
  try {
    const chosen = settle({ ...settings, ...contender.settings }, isQuick);
    const words = ['--expose-gc', script, contender.peer, measure, store.url, JSON.stringify(chosen)];
    // Of a contender that hangs, no more is waited for; the others are not kept from going on.
    const stdout = await finish(words, isQuick ? 60 : 600, turns);
    return JSON.parse(stdout.trim().split('\n').at(-1));
  } finally {
    await store.stop();
  }
}

async function finish(words, seconds, turns) {
  const stdio = ['ignore', 'pipe', 'pipe', ...(turns === undefined ? [] : ['ipc'])];
  const child = spawn(process.execPath, words, { stdio, timeout: seconds * 1000, killSignal: 'SIGKILL' });
  turns?.join(child);
  const killed = () => child.kill('SIGKILL');
  process.once('exit', killed);
  try {
    const ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    const [{ code, signal }, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    if (code === 0) return stdout;
    if (child.killed) throw new Error(`it was not done after ${seconds} s`);
    throw new Error(stderr.trim() || `it ended with ${code ?? signal}`);
  } finally {
    process.removeListener('exit', killed);
  }
}
