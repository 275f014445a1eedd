/** Files of a user's project. */

export const JOBS = `
import { defineJob } from 'wingmanjs';
import { z } from 'zod';
export const sendInvoice = defineJob({
  type: 'invoice.send',
  queue: 'billing',
  input: z.object({ tenant: z.string(), invoice: z.string() }),
  lock: ({ tenant }) => ({ key: 'tenant:' + tenant, concurrency: 2 }),
});
`;

/** What Node's own loader would not take: an enum, and on Node 20 any type at all. */
export const WORKER = `
import { sendInvoice } from './jobs.ts';
enum Words { Sent = 'sent' }
export const sending = sendInvoice.handle(async ({ tenant, invoice }: { tenant: string; invoice: string }) => {
  console.log(Words.Sent + ' ' + invoice + ' to ' + tenant);
});
`;

export const INVOICE = '{ "tenant": "acme", "invoice": "42" }';
