// A process that holds the write lock of a SQLite file for a while, as a backup or a careless console would.

import { setTimeout as sleep } from 'node:timers/promises';
import { loadDriver } from '../../../dist/backends/sqlite/driver.js';

const { path, milliseconds } = JSON.parse(process.argv[2]);

process.stdin.resume();
process.stdin.on('close', () => process.kill(process.pid, 'SIGKILL'));

const { DatabaseSync } = await loadDriver();
const database = new DatabaseSync(path, { readOnly: false });
database.exec('PRAGMA busy_timeout = 30000; BEGIN IMMEDIATE');
process.stdout.write('held\n');
await sleep(milliseconds);
database.exec('COMMIT');
database.close();
process.stdin.removeAllListeners('close').destroy();
