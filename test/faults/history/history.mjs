// One process's history: a file to which each event is appended as one line of JSON. It is written at once and by one call,
// so what was written before a kill -9 is there afterwards. Plain JavaScript: the workers run as a user's would.

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Microseconds by the monotonic clock, which is the same for all processes of a machine and never jumps. */
export function instant() {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Opens the history of the process of this name in a folder. */
export function openHistory(folder, name) {
  const file = openSync(join(folder, `${name}.${process.pid}.jsonl`), 'a');
  const line = (event) => `${JSON.stringify({ at: instant(), process: name, ...event })}\n`;
  return {
    write: (event) => {
      writeSync(file, line(event));
    },
    writeAll: (events) => {
      if (events.length > 0) writeSync(file, events.map(line).join(''));
    },
    close: () => closeSync(file),
  };
}
