// Puts what a manager tells into its process's history.

/** Outcomes of attempts, by their events. */
const OUTCOMES = ['completed', 'failed', 'retrying', 'snoozed', 'released', 'parked', 'dead', 'cancelled'];

export function record(manager, history) {
  manager.on('started', ({ worker }) => history.write({ kind: 'started', worker }));
  manager.on('stopping', ({ reason }) => history.write({ kind: 'stopping', reason }));
  for (const outcome of OUTCOMES) {
    manager.on(outcome, ({ id, worker, token, delay = 0 }) => {
      // One without a token was in nobody's hands.
      if (token !== undefined) history.write({ kind: 'settled', id, worker, token, outcome, delay });
    });
  }
  for (const kind of ['reclaimed', 'quarantined']) {
    manager.on(kind, ({ id, worker }) => history.write({ kind, id, worker }));
  }
  manager.on('stale', ({ id, token }) => history.write({ kind: 'stale', id, token }));
  manager.on('leaseLost', ({ worker }) => history.write({ kind: 'lost', worker }));
}
