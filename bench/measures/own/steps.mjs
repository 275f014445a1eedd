// What single steps of Redis take, by its own count.

/** A caller's calls, and what each that is `timed` took in microseconds. */
export function stepTimer(redis) {
  let sequence = 0;
  const times = [];
  return {
    times,
    call() {
      sequence += 1;
      return { client: 'bench', sequence, floor: sequence };
    },
    async timed(step) {
      await redis.config('RESETSTAT');
      const reply = await step();
      const stats = await redis.info('commandstats');
      const spent = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=\d+,usec=(\d+)/g)].map(([, usec]) => Number(usec));
      times.push(spent.reduce((sum, usec) => sum + usec, 0));
      return reply;
    },
  };
}

/**
 * The longest step in milliseconds, of several runs of the same steps: each step counts with the shortest time that it had. The server
 * reads each script at its first call, once in its life: that is in one run alone, and so does not count.
 */
export function longestOf(runs) {
  const shortest = runs[0].map((_, step) => Math.min(...runs.map((times) => times[step])));
  return Math.max(...shortest) / 1000;
}
