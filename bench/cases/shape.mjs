// How a case is written down. A setting that is a list of two is the one of `--quick` and the one of the full run.
//
// A case: `name`, `theme`, `title`, `measure` (of measures/), `settings` of all contenders, `contenders`, `metrics` (the first is the
// one that is compared and drawn), `wanted`, and where it differs: `rounds`; `together`, where what is counted does not depend on time
// and all contenders run at once; `inTurns`, where they run side by side as well and go on one at a time (turns.mjs); `fullOnly` where
// `--quick` leaves it out, unless it is named.

/**
 * @param more settings of this contender alone; `as`, its name in the case, and `store`, where they differ; `fullOnly` where it takes
 *   no part with `--quick`
 */
export function contender(peer, { as = peer, store = 'redis', fullOnly = false, ...settings } = {}) {
  return { name: as, peer, store, fullOnly, settings };
}

/** What is asked of the ratio of one contender to another, round by round; with a goal beyond it. */
export function ratio(of, to, { atLeast, atMost, goal, goalTo = to, metric }) {
  return { of, to, atLeast, atMost, goal, goalTo, metric };
}

/** What is asked of a figure itself. */
export function figure(of, { atLeast, atMost, goal, metric }) {
  return { of, atLeast, atMost, goal, metric };
}

/** The settings of one run. */
export function settle(settings, isQuick) {
  const choose = ([name, value]) => [name, Array.isArray(value) ? value[isQuick ? 0 : 1] : value];
  return Object.fromEntries(Object.entries(settings).map(choose));
}

/**
 * Several contenders that differ only in how many jobs they get, so that each takes about as long as the others. One with a single
 * number takes no part with `--quick`.
 */
export function sized(sizes) {
  return Object.entries(sizes).map(([name, jobs]) => contender(name, { jobs, fullOnly: !Array.isArray(jobs) }));
}
