// What can be measured of a contender: each takes how to open it, where, and settings, and gives named figures.

import { enqueue } from './enqueue.mjs';
import { latency } from './latency.mjs';
import { dueAtOnce } from './own/due.mjs';
import { releases } from './own/releases.mjs';
import { besideStuck } from './own/stuck.mjs';
import { throughput } from './throughput.mjs';

export const measures = { besideStuck, dueAtOnce, enqueue, latency, releases, throughput };
