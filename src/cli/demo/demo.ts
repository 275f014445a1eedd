import { basename } from 'node:path';
import { withoutPassword } from '../../core/errors.ts';
import { err } from '../colors.ts';
import { count, printable } from '../format.ts';
import { print } from '../output.ts';
import { backendInEnvironment } from '../settings.ts';
import { type Begun, begin, treeOf } from './begin.ts';
import { DEFAULT_CONCURRENCY, type DemoFlags } from './flags.ts';
import { type Interrupts, listenToInterrupts } from './interrupts.ts';
import { ProgressDisplay } from './progress.ts';
import { report } from './report.ts';
import { Run } from './run.ts';
import { allFiles, DEMO_BACKEND, type Places, placesOf, remove, touch } from './state.ts';
import { totalsOf } from './summary.ts';

const SIGN_OF_LIFE = 1_000;

export async function demo(flags: DemoFlags): Promise<void> {
  const interrupts = listenToInterrupts();
  const { stopping } = interrupts;
  try {
    const isComplete = await perform(flags, interrupts);
    if (!isComplete && stopping.aborted) process.exitCode = interrupts.exitCode();
  } catch (error) {
    if (!stopping.aborted || error !== stopping.reason) throw error;
    say('stopped before it began: the run that was interrupted can still be resumed');
    process.exitCode = interrupts.exitCode();
  } finally {
    interrupts.end();
  }
}

async function perform(flags: DemoFlags, interrupts: Interrupts): Promise<boolean> {
  const url = flags.backend ?? backendInEnvironment() ?? DEMO_BACKEND;
  const places = placesOf(url, process.cwd());
  const { stopping } = interrupts;
  const options = { dir: flags.dir, url, places, resume: flags.resume === true, stopping, note: say };
  const begun = await begin(options);
  let isComplete = false;
  const signOfLife = setInterval(() => touch(places), SIGN_OF_LIFE);
  try {
    isComplete = await runToItsEnd(begun, { flags, url, places, interrupts });
  } finally {
    clearInterval(signOfLife);
    begun.results.close();
    await begun.backend.close();
  }
  if (isComplete) remove(flags.keep === true ? [places.state] : allFiles(places));
  return isComplete;
}

interface Surroundings {
  readonly flags: DemoFlags;
  readonly url: string;
  readonly places: Places;
  readonly interrupts: Interrupts;
}

/** True when all is done and the result is out. */
async function runToItsEnd(begun: Begun, { flags, url, places, interrupts }: Surroundings): Promise<boolean> {
  const { state, catalogue } = begun;
  const { concurrency = DEFAULT_CONCURRENCY } = flags;
  const { stopping } = interrupts;
  announce(begun, { flags, url, places, concurrency });
  const doneBefore = catalogue.done;
  const started = performance.now();
  const display: ProgressDisplay = new ProgressDisplay(() => run.progress);
  const run: Run = new Run({
    ...begun,
    ...treeOf(state.dir, places),
    run: state.run,
    concurrency,
    stopping,
    note: (text) => display.note(err.yellow(printable(text))),
  });
  const tell = (): void => display.note('finishing what has begun; once more ends at once');
  stopping.addEventListener('abort', tell);
  display.start();
  const isComplete = await run.perform().finally(() => {
    stopping.removeEventListener('abort', tell);
    display.stop();
  });
  if (!isComplete) {
    say(`stopped with ${count(catalogue.done)} of ${count(catalogue.known)} known jobs done; to go on:`);
    say(`  ${resumeCommand(flags)}`);
    return false;
  }
  const part = { jobs: catalogue.done - doneBefore, ms: performance.now() - started };
  const totals = totalsOf(catalogue, part);
  const { heldAtMost } = run.progress;
  const width = process.stdout.columns ?? 100;
  const text = report(catalogue, { dir: state.dir, totals, jobsHere: part.jobs, heldAtMost, width });
  if (await print(flags.json === true ? `${JSON.stringify(totals)}\n` : text)) return true;
  say('all is done, and kept; to have the result printed:');
  say(`  ${resumeCommand(flags)}`);
  return false;
}

function announce(
  { state, catalogue, isResumed }: Begun,
  { flags, url, places, concurrency }: Omit<Surroundings, 'interrupts'> & { readonly concurrency: number },
): void {
  const files = allFiles(places)
    .slice(0, 3)
    .map((file) => basename(file));
  const fate = flags.keep === true ? 'kept' : 'removed';
  say(`cataloguing ${printable(state.dir)} on ${printable(withoutPassword(url))}, ${concurrency} jobs at once`);
  say(err.dim(`state and results are in the current folder, and ${fate} at the end: ${files.join(', ')}`));
  if (isResumed) say(`going on with ${count(catalogue.done)} of ${count(catalogue.known)} known jobs done`);
}

function resumeCommand({ backend, concurrency, json, keep }: DemoFlags): string {
  const isScript = process.env.npm_lifecycle_event === 'demo';
  // A password is in the environment or in somebody's head, and stays there.
  const shown = backend === undefined ? '' : withoutPassword(backend);
  return [
    isScript ? 'npm run demo --' : 'wingman demo',
    ...(backend === undefined ? [] : ['--backend', shown === backend ? quoted(backend) : '<the same URL>']),
    ...(concurrency === undefined ? [] : ['--concurrency', String(concurrency)]),
    ...(json === true ? ['--json'] : []),
    ...(keep === true ? ['--keep'] : []),
    '--resume',
  ].join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** To stderr: stdout is for the result. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
