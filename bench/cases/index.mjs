// All cases, in the order in which they are run and shown.

import { costs } from './costs.mjs';
import { embeddeds } from './embedded.mjs';
import { enqueueing } from './enqueueing.mjs';
import { growing } from './growth.mjs';
import { latency } from './latency.mjs';
import { locks } from './locks.mjs';
import { processing } from './processing.mjs';
import { steps } from './steps.mjs';

export const cases = [...processing, ...enqueueing, ...latency, ...locks, ...growing, ...costs, ...steps, ...embeddeds];
