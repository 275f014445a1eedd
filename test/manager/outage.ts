import type { Backend } from '../../src/contract/backend.ts';
import { messageOf, WingmanError } from '../../src/core/errors.ts';

/**
 * How calls fail: `refused` does nothing; `lost` does it, and the reply never comes; `hangs` does it, and the reply comes when
 * the outage ends.
 */
export type Trouble = 'refused' | 'lost' | 'hangs';

/** A real backend, with outages. */
export class Outage {
  readonly backend: Backend;
  /** Calls that met the trouble, by method. */
  readonly met: string[] = [];
  #trouble: Trouble | null = null;
  #ended: Promise<void> = Promise.resolve();
  #end: () => void = () => {};
  #watchers: (() => void)[] = [];

  constructor(backend: Backend) {
    this.backend = new Proxy(backend, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || name === 'close' || typeof name !== 'string') return value;
        return (...args: unknown[]) => this.#call(name, () => Reflect.apply(value, target, args));
      },
    });
  }

  begin(trouble: Trouble): void {
    this.#trouble = trouble;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  end(): void {
    this.#trouble = null;
    this.#end();
  }

  /** Resolves when so many calls of a method have met the trouble. */
  async hasMet(method: string, count: number): Promise<void> {
    while (this.met.filter((name) => name === method).length < count) {
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  async #call(name: string, send: () => unknown): Promise<unknown> {
    const trouble = this.#trouble;
    if (trouble === null) return send();
    this.met.push(name);
    for (const watcher of this.#watchers.splice(0)) watcher();
    if (trouble === 'refused') throw unreachable(name);
    const reply = await send();
    if (trouble === 'lost') throw unreachable(name);
    await this.#ended;
    return reply;
  }
}

function unreachable(name: string): WingmanError {
  return new WingmanError('WINGMAN_BACKEND_UNREACHABLE', `no answer to ${messageOf(name)}`);
}
