// A process that may lead, and runs no jobs: node leader.mjs URL. It says when it leads.
import { defineJob, defineSchedules, Manager } from '../../dist/index.js';

const [backend] = process.argv.slice(2);
const tick = defineJob({ type: 'tick', queue: 'ticks' });
const quiet = () => {};

const manager = new Manager({
  backend,
  queues: ['idle'],
  handlers: [tick.handle(quiet)],
  schedules: defineSchedules('app', {
    seconds: { every: '1s', job: tick.job(), catchUp: { all: 100 } },
    cron: { cron: '*/2 * * * * *', timezone: 'Europe/Berlin', job: tick.job(), catchUp: { all: 100 } },
  }),
  logger: {
    debug: (_, message) => message.startsWith('leads') && console.log('leads'),
    info: quiet,
    warn: quiet,
    error: (fields, message) => console.error(message, fields),
  },
});
await manager.start();
