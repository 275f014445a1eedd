// One measurement in a process of its own: `node contend.mjs CONTENDER MEASURE URL SETTINGS`. Prints the figure.

const [name, measure, url, settings] = process.argv.slice(2);
const { measures } = await import(`./contenders/${name}.mjs`);
const figure = await measures[measure](url, JSON.parse(settings));
// A contender that leaves a timer behind must not keep the run waiting.
process.stdout.write(`${figure}\n`, () => process.exit(0));
