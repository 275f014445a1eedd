// What can be measured of a contender: each takes how to open it, where, and settings, and gives named figures.

import { enqueue } from './enqueue.mjs';
import { heap } from './heap.mjs';
import { idle } from './idle.mjs';
import { latency } from './latency.mjs';
import { memory } from './memory.mjs';
import { dueAtOnce } from './own/due.mjs';
import { millionJobs } from './own/million.mjs';
import { releases } from './own/releases.mjs';
import { besideStuck } from './own/stuck.mjs';
import { member, processes } from './processes.mjs';
import { throughput } from './throughput.mjs';

export const measures = {
  besideStuck,
  dueAtOnce,
  enqueue,
  heap,
  idle,
  latency,
  member,
  memory,
  millionJobs,
  processes,
  releases,
  throughput,
};
