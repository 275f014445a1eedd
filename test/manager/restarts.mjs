// Starts and stops a manager again and again, in the built package, with a heartbeat that is never at rest.

import { setTimeout as sleep } from 'node:timers/promises';
import { defineJob, Manager } from '../../dist/index.js';

const [backend, times] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const handlers = [defineJob({ type: 't' }).handle(() => {})];

for (let time = 0; time < Number(times); time += 1) {
  const manager = new Manager({ backend, handlers, heartbeat: 1, lease: 5_000, logger: quiet });
  const started = new Promise((resolve) => manager.once('started', resolve));
  const ended = manager.start();
  await started;
  // At another moment of the heartbeat each time.
  await sleep(100 + 5 * time);
  await manager.stop();
  await ended;
}
