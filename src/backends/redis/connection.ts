import type { Redis } from 'ioredis';
import { BackendError, messageOf } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Keys } from './keys.ts';
import { Readiness } from './readiness.ts';
import {
  closed,
  describeReply,
  hideWords,
  isMisplaced,
  isReply,
  isStarting,
  isUnknownScript,
  isUnwritten,
  unreachable,
} from './refusals.ts';
import { type ScriptName, script } from './scripts.ts';
import { flatten, hearAtOnce, sendScript, type Word } from './send.ts';
import { Watchdog } from './watchdog.ts';

export interface Limits {
  /** How long a server may take to greet a new connection, in milliseconds. */
  readonly greeting: number;
  /** How long it may owe a reply. */
  readonly silence: number;
}

/** Reads the reply of a script. */
export type Read<Reply> = (reply: unknown) => Reply | Promise<Reply>;

/** Of a reply that whoever asked reads himself. */
export function asItIs(reply: unknown): unknown {
  return reply;
}

/** How long a call waits for a connection that is being mended. */
const PATIENCE = 5_000;
/** How long a server that loads its files is waited for at the start; later on, for as long as it takes. */
const STARTING = 60_000;
/** How often a server is asked whether it has started. */
const PROBE_INTERVAL = 200;

/**
 * One connection, mended for as long as it is not closed: commands and scripts, with errors in our words.
 *
 * The client under it keeps no command back and sends none twice. So a call that rejects tells what became of it: it waited
 * for a connection in vain and was not done, was refused and was not done, or was sent and not answered, which leaves that
 * open. Whoever wants it done repeats it under the same call id.
 */
export class Connection {
  readonly client: Redis;
  readonly location: string;
  readonly #clock: Clock;
  readonly #readiness: Readiness;
  readonly #watchdog: Watchdog;
  readonly #closing = new AbortController();
  /** The latest thing that went wrong with the connection itself. */
  #trouble: unknown;
  /** Counts connections as they are made and lost, so that what was begun on one is not finished on another. */
  #turns = 0;

  constructor(client: Redis, location: string, clock: Clock, { greeting, silence }: Limits) {
    this.client = client;
    this.location = location;
    this.#clock = clock;
    this.#readiness = new Readiness(clock);
    this.#watchdog = new Watchdog(clock, silence, () => this.#drop(new Error(`no answer within ${silence} ms`)));
    let stopGreeting = (): void => undefined;
    client.on('connect', () => {
      this.#turns += 1;
      hearAtOnce(client);
      const late = new Error(`no answer within ${greeting} ms`);
      stopGreeting = clock.after(greeting, () => this.#drop(late));
    });
    client.on('ready', () => {
      stopGreeting();
      void this.#probe();
    });
    client.on('close', () => {
      stopGreeting();
      this.#turns += 1;
      this.#readiness.lost();
    });
    client.on('end', () => this.#readiness.end());
    // An error that nobody hears is written to the console. What matters of it is told by the calls that it concerns.
    client.on('error', (error: unknown) => {
      hideWords(error);
      this.#trouble = error;
    });
  }

  /** Connects, and waits until the server takes commands. */
  async start(): Promise<void> {
    this.client.connect().catch(() => undefined);
    await this.#readiness.settled(STARTING);
    if (this.#readiness.state === 'ready') return;
    const reason = this.#trouble ?? new Error('the connection was closed');
    throw isReply(reason)
      ? describeReply(reason, this.location)
      : unreachable(this.location, messageOf(reason), 'not done', reason);
  }

  /** Another number after each reconnect: what was written before may have been written to another server. */
  get epoch(): number {
    return this.#readiness.epoch;
  }

  /**
   * Runs a script by its hash; a server that does not know it (it was restarted, or its scripts were flushed) gets the source.
   * What was sent after it may then be done before it, which does no harm: only calls that were made at the same time are
   * under way at the same time, and their order is promised to nobody. Nor does a call forget what another may repeat: its
   * floor is below all that are under way.
   * @param read makes what is given of the reply
   */
  run(name: ScriptName, keys: Keys, words: readonly Word[]): Promise<unknown>;
  run<Reply>(name: ScriptName, keys: Keys, words: readonly Word[], read: Read<Reply>): Promise<Reply>;
  run(name: ScriptName, keys: Keys, words: readonly Word[], read: Read<unknown> = asItIs): Promise<unknown> {
    const { sha } = script(name, keys);
    // Nearly always there is a connection: then all that follows is one promise.
    if (this.#readiness.state !== 'ready') return this.#runAgain(name, keys, words).then(read);
    this.#watchdog.sent();
    return sendScript(this.client, sha, keys.the('sequence'), words).then(
      (reply) => {
        this.#watchdog.settled();
        return read(reply);
      },
      (error: unknown) => {
        this.#watchdog.settled();
        if (isMisplaced(error)) this.#drop(error);
        if (isUnwritten(error)) this.#readiness.lost();
        else if (!isUnknownScript(error)) throw this.#describe(error);
        return this.#runAgain(name, keys, words).then(read);
      },
    );
  }

  async #runAgain(name: ScriptName, keys: Keys, words: readonly Word[]): Promise<unknown> {
    const { sha, source } = script(name, keys);
    const sequence = keys.the('sequence');
    try {
      return await this.#send((client) => sendScript(client, sha, sequence, words), PATIENCE);
    } catch (error) {
      if (!isUnknownScript(error)) throw this.#describe(error);
    }
    return this.do((client) => client.eval(source, 1, sequence, ...flatten(words)));
  }

  /** Runs a command; while there is no connection, waits for one for up to 5 s. */
  async do<Reply>(command: (client: Redis) => Promise<Reply>): Promise<Reply> {
    try {
      return await this.#send(command, PATIENCE);
    } catch (error) {
      throw this.#describe(error);
    }
  }

  /** Runs a command if there is a connection now. */
  async attempt<Reply>(command: (client: Redis) => Promise<Reply>): Promise<Reply> {
    try {
      return await this.#send(command, 0);
    } catch (error) {
      throw this.#describe(error);
    }
  }

  close(): void {
    this.#closing.abort();
    this.#watchdog.stop();
    this.#readiness.end();
    this.client.disconnect();
  }

  async #send<Reply>(command: (client: Redis) => Promise<Reply>, patience: number): Promise<Reply> {
    if (this.#readiness.state !== 'ready') await this.#becomeReady(patience);
    try {
      return await this.#watched(command);
    } catch (error) {
      if (isMisplaced(error)) this.#drop(error);
      if (!isUnwritten(error)) throw error;
    }
    // The connection has ended in this very moment, and its events are yet to come.
    this.#readiness.lost();
    await this.#becomeReady(patience);
    return this.#watched(command);
  }

  async #becomeReady(patience: number): Promise<void> {
    await this.#readiness.settled(patience);
    if (this.#readiness.state === 'ready') return;
    if (this.#readiness.state === 'over') throw closed(this.location, 'not done');
    const trouble = this.#trouble ?? new Error('the connection was lost');
    throw unreachable(this.location, `${messageOf(trouble)}; nothing was sent`, 'not done', trouble);
  }

  async #watched<Reply>(command: (client: Redis) => Promise<Reply>): Promise<Reply> {
    this.#watchdog.sent();
    try {
      return await command(this.client);
    } finally {
      this.#watchdog.settled();
    }
  }

  #describe(error: unknown): BackendError {
    if (error instanceof BackendError) return error;
    if (isReply(error)) return describeReply(error, this.location);
    if (this.#closing.signal.aborted) return closed(this.location, 'unknown');
    if (isUnwritten(error)) return unreachable(this.location, 'the connection was lost; nothing was sent', 'not done');
    // That a command was given up is all that its own error says; why is told by the connection.
    const trouble = this.#trouble ?? new Error('the connection was lost', { cause: error });
    return unreachable(this.location, `${messageOf(trouble)}; what was sent may have been done`, 'unknown', trouble);
  }

  /** A new connection is used when the server takes commands: it may still load its files, or look for its primary. */
  async #probe(): Promise<void> {
    const turn = this.#turns;
    const { signal } = this.#closing;
    while (turn === this.#turns && !signal.aborted) {
      try {
        await this.#watched((client) => client.ping());
      } catch (error) {
        hideWords(error);
        this.#trouble = error;
        if (isStarting(error)) {
          await this.#clock.sleep(PROBE_INTERVAL, signal);
          // A replica that has lost its primary: the address may lead to the new one by now.
          if (isMisplaced(error) && this.epoch > 0 && turn === this.#turns) return this.#drop(error);
          continue;
        }
        // Any other refusal is for the calls to tell.
        if (!isReply(error)) return;
      }
      if (turn === this.#turns) this.#becameReady();
      return;
    }
  }

  #becameReady(): void {
    this.#trouble = undefined;
    this.#readiness.ready();
  }

  /** Gives up a connection, and all commands that are on it; the client makes another. */
  #drop(reason: unknown): void {
    hideWords(reason);
    this.#trouble = reason;
    this.#readiness.lost();
    // In any other state there is nothing to give up, and the client would take it for its end.
    const { status } = this.client;
    if (status === 'connect' || status === 'ready') this.client.disconnect(true);
  }
}
