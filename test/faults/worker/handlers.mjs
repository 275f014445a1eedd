// What the bench's handlers do: they tell their history, and misbehave as their jobs ask.

import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { defineJobs } from './jobs.mjs';

/**
 * @param worker the name under which the manager claims now
 * @param sleep waits until the work is done
 * @param die kills the process
 * @param folder where runs that misbehave are counted, over all processes
 */
export function makeHandlers({ defineJob, history, worker, sleep, die, folder }) {
  const run = async ({ takes, deed, times }, { id, token, attempt, signal }) => {
    history.write({ kind: 'start', id, token, worker: worker() ?? '', attempt });
    let hasEnded = false;
    signal.addEventListener('abort', () => {
      if (!hasEnded) history.write({ kind: 'aborted', id, token });
    });
    const end = (ok) => {
      hasEnded = true;
      history.write({ kind: 'end', id, token, ok });
    };
    const now = deed !== 'return' && isAmong(folder, id, times) ? deed : 'return';
    if (now === 'hang') await new Promise(() => {});
    if (now === 'reject') void Promise.reject(new Error(`the deed of ${id}`));
    if (now === 'block') block(takes);
    else if (takes > 0) await sleep(takes);
    if (now === 'die') await die();
    if (now === 'throw') {
      end(false);
      throw new Error(`the deed of ${id}`);
    }
    history.write({ kind: 'effect', id, token });
    if (now === 'die-late') await die();
    end(true);
  };
  return Object.values(defineJobs(defineJob)).map((definition) => definition.handle(run));
}

function block(milliseconds) {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    // That is the point.
  }
}

/** Counts one more run of a job in whatever process: whether it is among the first so many. */
function isAmong(folder, id, times) {
  for (let run = 0; run < times; run += 1) {
    try {
      closeSync(openSync(join(folder, `${id}.run-${run}`), 'wx'));
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
  return false;
}
