// Whether what is asked of a case holds: of the median of a contender's figures, or of its ratios to another's, round by round.

import { ratios, spread } from './statistics.mjs';

/**
 * What is not asked for at all is told nevertheless.
 * @param figures by contender, a list with what each round gave: named figures, or null where it failed
 */
export function judge({ of, to, metric: asked, atLeast, atMost, goal, goalTo }, firstMetric, figures) {
  const metric = asked ?? firstMetric;
  const isAsked = atLeast !== undefined || atMost !== undefined;
  const verdict = { metric, of, to, atLeast, atMost, goal, goalTo, isAsked };
  const values = valuesOf(figures, metric, of, to);
  if (values.length === 0) return { ...verdict, isMet: !isAsked, isGoalMet: false };
  const { median, min, max } = spread(values);
  const isLess = atLeast === undefined;
  const isMet = !isAsked || (isLess ? median <= atMost : median >= atLeast);
  // A goal may be beside something else: beside the floor, and not beside a peer.
  const other = goal === undefined || goalTo === to ? values : valuesOf(figures, metric, of, goalTo);
  const goalValue = other.length === 0 ? undefined : spread(other).median;
  const isGoalMet = goal !== undefined && (isLess ? goalValue <= goal : goalValue >= goal);
  return { ...verdict, median, min, max, goalValue, isMet, isGoalMet };
}

function valuesOf(figures, metric, of, to) {
  if (to !== undefined) return ratios(figures[of], figures[to], metric);
  return figures[of].map((round) => round?.[metric]).filter((value) => value !== undefined);
}
