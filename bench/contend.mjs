// One measurement in a process of its own: `node contend.mjs CONTENDER MEASURE URL SETTINGS`. Prints its figures as JSON, as the last
// line of stdout.

import { measures } from './measures/index.mjs';

const [name, measure, url, settings] = process.argv.slice(2);
const { open } = await import(`./contenders/${name}.mjs`);
const figures = await measures[measure](open, url, JSON.parse(settings), name);
// A contender's workers still wait for jobs; their store is about to go as well.
process.stdout.write(`\n${JSON.stringify(figures)}\n`, () => process.exit(0));
