// The job types of limits.test.ts.
import { defineJob } from '../../dist/index.js';

const TENANT_LIMIT = 2;
const HOST_LIMIT = 5;

export const fetchPage = defineJob({
  type: 'test.page',
  queue: 'pages',
  lock: ({ tenant, host }) => [
    { key: `tenant ${tenant}`, concurrency: TENANT_LIMIT },
    { key: `host ${host}`, concurrency: HOST_LIMIT },
  ],
});

const RATE = { limit: 50, per: '1s', burst: 3 };

export const paced = defineJob({ type: 'test.paced', queue: 'paced', rate: ({ key }) => ({ key, ...RATE }) });
