// Takes as many turns as it is told.

import { turn } from '../../bench/turns.mjs';

for (let left = Number(process.argv[2]); left > 0; left -= 1) await turn();
process.exit(0);
