import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { commandName } from './redis-command.ts';

/** What a client has sent. */
export interface Sent {
  /** The command, or the script. */
  readonly name: string;
  /** Milliseconds, by the server's clock. */
  readonly at: number;
}

/** As `+1795661499.944000 [0 127.0.0.1:44434] "client" "ID"`. */
const LINE = /^\+(\d+\.\d+) \[\d+ (\S+)\] "([^"]*)"(?: "([^"]*)")?(?: "([^"]*)")?(?: "([^"]*)")?/;

/** Tells, by MONITOR, of all that clients send to a server of this machine, until it returns true. What scripts do is no command of a client. */
export async function monitor(port: number, told: (sent: Sent) => boolean): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.write('MONITOR\r\n');
    for await (const line of createInterface(socket)) {
      const [, time, source, command, ...words] = LINE.exec(line) ?? [];
      if (command === undefined || source === 'lua') continue;
      if (told({ name: commandName([command, ...words]), at: Number(time) * 1_000 })) return;
    }
  } finally {
    socket.destroy();
  }
}
