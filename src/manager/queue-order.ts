/** Queues and how to choose among them: a strict order, or weights. */
export type Queues = readonly string[] | Readonly<Record<string, number>>;

/**
 * The order in which the next claim looks at the queues. By weights, it is drawn anew for each claim: a queue comes before
 * the others with a chance in proportion to its weight, so none starves.
 */
export function queueOrder(queues: Queues, random: () => number): () => readonly string[] {
  if (isList(queues)) return () => queues;
  const weighted = Object.entries(queues);
  return () =>
    weighted
      // The greatest of several random numbers, each to the power of 1 / weight, falls to one in proportion to its weight.
      .map(([queue, weight]) => ({ queue, rank: random() ** (1 / weight) }))
      .sort((a, b) => b.rank - a.rank)
      .map(({ queue }) => queue);
}

/** The queues by name. */
export function namesOf(queues: Queues): readonly string[] {
  return isList(queues) ? queues : Object.keys(queues);
}

function isList(queues: Queues): queues is readonly string[] {
  return Array.isArray(queues);
}
