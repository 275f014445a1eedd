// Commands per second that an idle worker sends to Redis, as MONITOR shows them: without those that scripts call, which the server
// marks with `lua` where others have the client's address.

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fill } from './inputs.mjs';

/** @param settings.seconds how long is counted; `settle`: seconds before that */
export async function idle(open, url, { seconds, settle, concurrency }) {
  const client = await open(url);
  let done = 0;
  const handle = async () => {
    done += 1;
  };
  await client.work({ concurrency, handle });
  // One that has worked and has nothing more to do.
  await fill(client, 100);
  while (done < 100) await sleep(10);
  await sleep(settle * 1000);
  const monitor = await watch(new URL(url));
  const before = process.cpuUsage();
  await sleep(seconds * 1000);
  const { user, system } = process.cpuUsage(before);
  return { commands: monitor.count() / seconds, idleCpu: (user + system) / 1000 / seconds };
}

async function watch({ hostname, port }) {
  const socket = connect({ host: hostname, port: Number(port) });
  let [text, count] = ['', 0];
  socket.setEncoding('utf8');
  socket.on('data', (chunk) => {
    const lines = (text + chunk).split('\r\n');
    text = lines.pop();
    // +1700000000.123456 [0 127.0.0.1:50000] "ping"    or    [0 lua] "get" …
    count += lines.filter((line) => /^\+\d+\.\d+ \[\d+ (?!lua\])/.test(line)).length;
  });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  socket.write('MONITOR\r\n');
  return { count: () => count };
}
