import type { WriteStream } from 'node:tty';
import { err } from '../colors.ts';
import { bytes, count, duration } from '../format.ts';
import { cutEnd } from '../table.ts';
import type { Progress } from './run.ts';

const REDRAW = 100;
const PLAIN_LINES = 2_000;
/** The rate is of the last so many milliseconds. */
const WINDOW = 5_000;

/** Shows how far a run is, on stderr: a bar that is redrawn in place, or plain lines where that is no terminal. */
export class ProgressDisplay {
  readonly #output: WriteStream;
  readonly #look: () => Progress;
  readonly #rate = new Rate();
  #timer: NodeJS.Timeout | undefined;

  constructor(look: () => Progress, output: WriteStream = process.stderr) {
    this.#look = look;
    this.#output = output;
  }

  start(): void {
    this.#rate.add(this.#look().done);
    this.#timer = setInterval(() => this.#show(), this.#output.isTTY ? REDRAW : PLAIN_LINES);
  }

  /** Says something above the bar. */
  note(text: string): void {
    this.#erase();
    this.#output.write(`${text}\n`);
    if (this.#timer !== undefined && this.#output.isTTY) this.#show();
  }

  /** Leaves nothing of the bar. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
  }

  #show(): void {
    const progress = this.#look();
    this.#rate.add(progress.done);
    if (this.#output.isTTY) this.#output.write(`\r\x1b[K${bar(progress, this.#rate.perSecond, this.#output.columns)}`);
    else this.#output.write(`${plainLine(progress, this.#rate.perSecond)}\n`);
  }

  #erase(): void {
    if (this.#output.isTTY) this.#output.write('\r\x1b[K');
  }
}

/** `1,234 of 6,789 jobs (18 %), 512 jobs/s, 43 held, 96 MB, 2 failed` */
export function plainLine(progress: Progress, perSecond: number): string {
  const { done, known, held, failed } = progress;
  const parts = [
    `${count(done)} of ${count(known)} jobs (${percent(progress)})`,
    `${count(Math.round(perSecond))} jobs/s`,
    `${count(held)} held`,
    bytes(progress.bytes),
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
  ];
  return parts.join(', ');
}

const WIDEST_BAR = 40;
const NARROWEST_BAR = 10;

/** One line, narrower than the terminal: with as many details as there is room for. */
export function bar(progress: Progress, perSecond: number, columns: number): string {
  const { done, known, held, failed } = progress;
  const numbers = ` ${percent(progress).padStart(5)}  ${count(done)}/${count(known)}`;
  const details = [
    `${count(Math.round(perSecond))} jobs/s`,
    `${count(held)} held`,
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    ...eta(progress, perSecond),
    bytes(progress.bytes),
  ];
  // A line as wide as the terminal would wrap.
  let room = columns - 1 - numbers.length - NARROWEST_BAR;
  if (room < 0) return cutEnd(numbers.trim(), columns - 1);
  let shown = '';
  for (const detail of details) {
    if (detail.length + 2 > room) break;
    shown += `  ${detail}`;
    room -= detail.length + 2;
  }
  const width = Math.min(WIDEST_BAR, NARROWEST_BAR + room);
  const filled = Math.round(share(progress) * width);
  return `${err.green('█'.repeat(filled))}${err.dim('░'.repeat(width - filled))}${numbers}${err.dim(shown)}`;
}

/** Only once all is listed: before that, what is known says little of what is to come. */
function eta({ isListed, done, known }: Progress, perSecond: number): string[] {
  return isListed && perSecond > 0 && done < known ? [`${duration(((known - done) / perSecond) * 1000)} left`] : [];
}

function share({ done, known }: Progress): number {
  return known === 0 ? 0 : done / known;
}

function percent(progress: Progress): string {
  // 100 % is for when all is done.
  return `${Math.floor(share(progress) * 100)} %`;
}

/** How many are done per second, of late. */
class Rate {
  #samples: { readonly at: number; readonly done: number }[] = [];

  add(done: number): void {
    const at = performance.now();
    this.#samples.push({ at, done });
    while (this.#samples.length > 2 && at - (this.#samples[0]?.at ?? at) > WINDOW) this.#samples.shift();
  }

  get perSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at === first.at) return 0;
    return ((last.done - first.done) / (last.at - first.at)) * 1000;
  }
}
