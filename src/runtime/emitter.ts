import { EventEmitter } from 'node:events';

/** Listeners by event, typed. What a listener throws, or rejects with, is reported and reaches nobody else. */
export class Emitter<Events extends object> {
  readonly #emitter = new EventEmitter();
  readonly #failed: (thrown: unknown, event: string) => void;

  /** @param failed told what a listener threw, and for which event; it must not throw */
  constructor(failed: (thrown: unknown, event: string) => void) {
    this.#failed = failed;
  }

  on<Name extends keyof Events & string>(name: Name, listener: (event: Events[Name]) => unknown): void {
    this.#emitter.on(name, listener);
  }

  once<Name extends keyof Events & string>(name: Name, listener: (event: Events[Name]) => unknown): void {
    this.#emitter.once(name, listener);
  }

  off<Name extends keyof Events & string>(name: Name, listener: (event: Events[Name]) => unknown): void {
    this.#emitter.off(name, listener);
  }

  /** Whether an event has a listener. */
  isHeard(name: keyof Events & string): boolean {
    return this.#emitter.listenerCount(name) > 0;
  }

  /** Calls the listeners in their order. */
  emit<Name extends keyof Events & string>(name: Name, event: Events[Name]): void {
    if (this.#emitter.listenerCount(name) === 0) return;
    // Not the emitter's own `emit`: there, one listener that throws keeps the event from the others.
    for (const listener of this.#emitter.rawListeners(name)) {
      try {
        const result: unknown = Reflect.apply(listener, undefined, [event]);
        if (result instanceof Promise) result.catch((thrown: unknown) => this.#failed(thrown, name));
      } catch (thrown) {
        this.#failed(thrown, name);
      }
    }
  }
}
