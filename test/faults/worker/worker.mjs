// A worker's process, from the built package, as a user's would be. Its settings come as JSON; what happens goes into its
// history, and the start of each job that asks for it to stdout. It dies with the bench: when its stdin closes.

import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob, Manager } from '../../../dist/index.js';
import { openHistory } from '../history/history.mjs';
import { turnClock } from './clock.mjs';
import { makeHandlers } from './handlers.mjs';
import { record } from './recording.mjs';

const { name, histories, marks, backend, options, echo } = JSON.parse(process.argv[2]);

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [command, value] = line.split(' ');
  if (command === 'clock') turnClock(Number(value));
});
lines.on('close', () => process.kill(process.pid, 'SIGKILL'));

const file = openHistory(histories, name);
const history = {
  ...file,
  write: (event) => {
    file.write(event);
    if (echo.includes(event.kind)) process.stdout.write(`${JSON.stringify(event)}\n`);
  },
};

const die = () => {
  history.write({ kind: 'fault', name: 'kill', hits: name, number: 1 });
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
};

const toStderr = (fields, message) => process.stderr.write(`${name}: ${message} ${JSON.stringify(fields)}\n`);
const debug = (_fields, message) => {
  if (message === 'the heartbeat thread beats') history.write({ kind: 'beating' });
};
const logger = { debug, info() {}, warn: toStderr, error: toStderr };

const manager = new Manager({
  backend,
  handlers: makeHandlers({ defineJob, history, worker: () => manager.worker, sleep, die, folder: marks }),
  logger,
  ...options,
});
record(manager, history);
await manager.start();
lines.removeAllListeners('close');
process.stdin.destroy();
