/** Gives the first tick after an instant (ms since the epoch), or null where there is none any more. */
export type After = (instant: number) => number | null;

/** No Date is later. */
const LAST_INSTANT = 8.64e15;

/** Ticks at fixed distances from an anchor, whoever counts them and whenever: they do not drift. */
export function everyAfter(every: number, anchor: number): After {
  return (instant) => {
    const tick = anchor + (Math.floor((instant - anchor) / every) + 1) * every;
    return tick <= LAST_INSTANT ? tick : null;
  };
}

/** The same ticks without those before `start` and after `end`. */
export function within(after: After, start: number | undefined, end: number | undefined): After {
  return (instant) => {
    const tick = after(start === undefined ? instant : Math.max(instant, start - 1));
    return tick === null || (end !== undefined && tick > end) ? null : tick;
  };
}

/**
 * What becomes of ticks that nobody fired in time: the newest one runs (`latest`); it runs unless it is more than a minute late
 * (`none`); or the newest `all` of them run, one after another.
 */
export type CatchUp = 'none' | 'latest' | { readonly all: number };

/** How late a tick may be, in milliseconds, that is not caught up: a new leader may have had to be found. */
const GRACE = 60_000;

export interface Step {
  /** The tick to fire now, or null: those that have passed are dropped. */
  readonly tick: number | null;
  /** The one after it, which may have passed already; null where there is none. */
  readonly next: number | null;
}

/**
 * One step of a schedule whose next tick has come.
 * @param next that tick: not after `now`
 */
export function stepOf(catchUp: CatchUp, next: number, now: number, after: After): Step {
  const latest = newest(next, now, after);
  if (typeof catchUp === 'object') {
    const tick = firstOfNewest(catchUp.all, next, latest, after);
    return { tick, next: after(tick) };
  }
  const isTooLate = catchUp === 'none' && now - latest > GRACE;
  return { tick: isTooLate ? null : latest, next: after(latest) };
}

/** The last tick by an instant, given one that is not after it. By halving: millions may have passed. */
function newest(tick: number, by: number, after: After): number {
  const isBy = (candidate: number | null): candidate is number => candidate !== null && candidate <= by;
  let found = tick;
  // Mostly it is that one, or the next.
  for (let look = 0; look < 2; look += 1) {
    const following = after(found);
    if (!isBy(following)) return found;
    found = following;
  }
  let end = by;
  while (end - found > 1) {
    const middle = Math.floor((found + end) / 2);
    const following = after(middle);
    if (isBy(following)) found = following;
    else end = middle;
  }
  // `end` itself may be one: nothing is only known to come after it.
  const last = after(found);
  return isBy(last) ? last : found;
}

/** Of the ticks from `next` to `latest`, the first of the newest so many. */
function firstOfNewest(count: number, next: number, latest: number, after: After): number {
  let ahead = next;
  for (let passed = 1; passed < count && ahead < latest; passed += 1) ahead = after(ahead) ?? latest;
  if (ahead >= latest) return next;
  // There are more, and perhaps millions: back from the latest.
  let first = latest;
  for (let taken = 1, gap = 1_000; taken < count; taken += 1) {
    const before = tickBefore(first, gap, next, after);
    gap = first - before;
    first = before;
  }
  return first;
}

/** The last tick before one, not before `first`. `gap` is how far away it may well be. */
function tickBefore(tick: number, gap: number, first: number, after: After): number {
  for (let span = gap + 1; tick - span > first; span *= 2) {
    const found = after(tick - span) ?? tick;
    if (found < tick) return newest(found, tick - 1, after);
  }
  return newest(first, tick - 1, after);
}
