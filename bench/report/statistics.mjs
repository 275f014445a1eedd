// Figures of several rounds as one.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The ratios of one figure of two contenders, round by round: both met the same machine at nearly the same time. A round that lacks
 * one of them gives none.
 */
export function ratios(rounds, others, metric) {
  return rounds.map((round, at) => round?.[metric] / others[at]?.[metric]).filter((value) => Number.isFinite(value));
}

export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** @param sorted ascending @param share between 0 and 1 */
export function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
