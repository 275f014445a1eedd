import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/built.ts', 'test/setup/leftovers.ts'],
    // Processes and not threads: the tests start workers, send signals and end processes of their own.
    pool: 'forks',
    // Most of a test's time is spent waiting for other processes: one file more than vitest takes by itself on two cores.
    maxWorkers: 2,
    // Real servers and real processes on a machine that may be busy: a limit against hanging, not a measure of speed.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // What a user's types must say, checked by the compiler. Errors elsewhere are the whole project's type check's
    // business (scripts/test.mjs), which names them once.
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'], ignoreSourceErrors: true },
  },
});
