// What single steps of Redis take, by its own count.

/**
 * A caller's calls, and what each that is `timed` took in microseconds: the longest of its commands. Where the server's thread had less
 * CPU time than that, something else had the CPU meanwhile, and it took no more than its CPU time.
 */
export function stepTimer(redis) {
  let sequence = 0;
  let steps = [];
  return {
    call() {
      sequence += 1;
      return { client: 'bench', sequence, floor: sequence };
    },
    async timed(name, step) {
      await redis.config('RESETSTAT');
      const before = cpuOf(await redis.info('cpu'));
      const reply = await step();
      const info = await redis.info('commandstats', 'cpu');
      // Our own two commands are no part of it.
      const spent = [...info.matchAll(/cmdstat_(?!config|info)[^:]+:.*usec_per_call=([\d.]+)/g)];
      const longest = Math.max(0, ...spent.map(([, usec]) => Number(usec)));
      steps.push({ name, time: Math.min(longest, cpuOf(info) - before) });
      return reply;
    },
    /** The steps since the last call of this, in their order. */
    take() {
      const taken = steps;
      steps = [];
      return taken;
    },
  };
}

/** Microseconds of the thread that runs all commands. */
function cpuOf(info) {
  const seconds = (name) => Number(new RegExp(`used_cpu_${name}_main_thread:([\\d.]+)`).exec(info)[1]);
  return (seconds('user') + seconds('sys')) * 1_000_000;
}

/**
 * The longest step of each name in milliseconds, the longest first, of several runs of the same steps: each step, as the nth of its name,
 * counts with the shortest time that it had. The server reads each script at its first call, once in its life: that is in one run alone,
 * and so does not count.
 */
export function longestOf(runs) {
  const longest = new Map();
  for (const name of new Set(runs[0].map((step) => step.name))) {
    const times = runs.map((steps) => steps.filter((step) => step.name === name).map(({ time }) => time));
    // Some may have taken one step more to the same end.
    const count = Math.min(...times.map(({ length }) => length));
    const shortest = Array.from({ length: count }, (_, at) => Math.min(...times.map((run) => run[at])));
    longest.set(name, Math.max(0, ...shortest) / 1000);
  }
  return [...longest].sort(([, a], [, b]) => b - a);
}
