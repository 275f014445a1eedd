// Plays a case: all contenders in turn, A B A B, each in a fresh process on a fresh store.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { progress } from '../scripts/run.mjs';
import { settle } from './cases/shape.mjs';
import { judge } from './report/judge.mjs';
import { startStore } from './stores/index.mjs';

const run = promisify(execFile);
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
  const measure = async (contender, round) => {
    try {
      figures[contender.name].push(await contend(one, contender, isQuick, stores));
    } catch (error) {
      figures[contender.name].push(null);
      const why = error.stderr?.trim() || error.message;
      failures.push({ contender: contender.name, round, why });
      progress(`${one.name}, ${contender.name}: failed\n${why}`);
    }
  };
  const from = performance.now();
  for (let round = 1; round <= rounds; round += 1) {
    progress(`${one.name}, round ${round} of ${rounds}`);
    if (one.together) await Promise.all(contenders.map((contender) => measure(contender, round)));
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

async function contend({ measure, settings }, contender, isQuick, stores) {
  const store = await startStore(contender.store, stores);
  try {
    const chosen = settle({ ...settings, ...contender.settings }, isQuick);
    const words = ['--expose-gc', script, contender.peer, measure, store.url, JSON.stringify(chosen)];
    // Of a contender that hangs, no more is waited for; the others are not kept from going on.
    const stdout = await finish(words, isQuick ? 60 : 600);
    return JSON.parse(stdout.trim().split('\n').at(-1));
  } finally {
    await store.stop();
  }
}

async function finish(words, seconds) {
  const running = run(process.execPath, words, { timeout: seconds * 1000, killSignal: 'SIGKILL' });
  const killed = () => running.child.kill('SIGKILL');
  process.once('exit', killed);
  try {
    return (await running).stdout;
  } catch (error) {
    if (error.killed) throw new Error(`it was not done after ${seconds} s`, { cause: error });
    throw error;
  } finally {
    process.removeListener('exit', killed);
  }
}
