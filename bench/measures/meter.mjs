// Time, and the CPU time of this process (its threads included) and of its Redis, between two marks.

import { Redis } from 'ioredis';

/** @returns {Promise<{ start(): void, stop(jobs: number): Promise<{ rate: number, cpu: number, redis?: number }> }>} */
export async function openMeter(url) {
  const redis = url.startsWith('redis:') ? new Redis(url) : null;
  const look = async () => (redis === null ? undefined : cpuOf(await redis.info('cpu')));
  await look();
  let [from, cpu, before] = [0, undefined, undefined];
  return {
    start() {
      before = look();
      from = performance.now();
      cpu = process.cpuUsage();
    },
    async stop(jobs) {
      const time = performance.now() - from;
      const { user, system } = process.cpuUsage(cpu);
      const [first, last] = [await before, await look()];
      const figures = { rate: jobs / (time / 1000), cpu: (user + system) / jobs };
      return redis === null ? figures : { ...figures, redis: (last - first) / jobs };
    },
  };
}

/** Microseconds. */
function cpuOf(info) {
  const seconds = (name) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)[1]);
  return (seconds('used_cpu_user') + seconds('used_cpu_sys')) * 1_000_000;
}
