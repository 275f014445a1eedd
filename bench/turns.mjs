// Contenders that run side by side, each with a store of its own, and take turns: one goes on, all others wait. What the machine does
// meanwhile, which changes by the second, then falls on all of them alike.

/** Lets one of `count` processes go on at a time, in the order in which they joined. Each asks for its turn by a message. */
export class Turns {
  #awaited;
  #processes = [];
  #asking = new Set();
  #last = -1;

  constructor(count) {
    this.#awaited = count;
  }

  join(child) {
    this.#processes.push(child);
    child.on('message', () => {
      this.#asking.add(child);
      this.#next();
    });
    // One that could not be started has no exit.
    const gone = () => {
      child.removeAllListeners('message');
      child.off('exit', gone).off('error', gone);
      this.#asking.delete(child);
      this.leave();
    };
    child.on('exit', gone).on('error', gone);
  }

  /** One has come to its end, or does not join at all. */
  leave() {
    this.#awaited -= 1;
    this.#next();
  }

  /** Whoever goes on does not ask: so the next may, once all that are there do. */
  #next() {
    const { length } = this.#processes;
    if (this.#asking.size === 0 || this.#asking.size < this.#awaited) return;
    do this.#last = (this.#last + 1) % length;
    while (!this.#asking.delete(this.#processes[this.#last]));
    this.#processes[this.#last].send('go');
  }
}

/** Waits until it is this process's turn. */
export function turn() {
  return new Promise((resolve) => {
    process.once('message', resolve);
    process.send('turn');
  });
}
