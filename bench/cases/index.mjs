// All cases, in the order in which they are run and shown.

import { enqueueing } from './enqueueing.mjs';
import { latency } from './latency.mjs';
import { locks } from './locks.mjs';
import { processing } from './processing.mjs';
import { steps } from './steps.mjs';

export const cases = [...processing, ...enqueueing, ...latency, ...locks, ...steps];
