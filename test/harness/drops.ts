/** Which messages are to be lost, and how. */
export interface Drop {
  /** A script's name, as `exchange`, or a command, as `blpop`; any when left out. */
  readonly command?: string;
  /** How many; 1 when left out. */
  readonly count?: number;
  /** Each one that fits is lost with this chance; 1 when left out. */
  readonly chance?: number;
  /**
   * What the client sees: `cut`, its connection breaks (when left out); `silence`, nothing comes any more over a connection
   * that looks alive.
   */
  readonly manner?: 'cut' | 'silence';
}

/** Messages that are being lost. */
export interface Dropping {
  /** How many were lost so far. */
  readonly dropped: number;
  /** Resolves when as many were lost as was asked for. */
  readonly done: Promise<void>;
  /** Loses no more. */
  stop(): void;
}

type Direction = 'reply' | 'request';

/** What is to be lost, and what was. */
export class Drops {
  replies = 0;
  requests = 0;
  readonly #random: () => number;
  readonly #rules = new Set<Rule>();

  constructor(random: () => number) {
    this.#random = random;
  }

  add(direction: Direction, drop: Drop): Dropping {
    const rule = new Rule(direction, drop, () => this.#rules.delete(rule));
    this.#rules.add(rule);
    return rule;
  }

  /** How to lose this message, or null to let it pass. */
  take(direction: Direction, command: string): 'cut' | 'silence' | null {
    for (const rule of this.#rules) {
      if (!rule.fits(direction, command) || this.#random() >= rule.chance) continue;
      rule.count();
      if (direction === 'reply') this.replies += 1;
      else this.requests += 1;
      return rule.manner;
    }
    return null;
  }
}

class Rule implements Dropping {
  readonly chance: number;
  readonly manner: 'cut' | 'silence';
  readonly done: Promise<void>;
  readonly #direction: Direction;
  readonly #command: string | undefined;
  readonly #end: () => void;
  #left: number;
  #dropped = 0;
  #finish: () => void = () => {};

  constructor(direction: Direction, { command, count = 1, chance = 1, manner = 'cut' }: Drop, end: () => void) {
    this.chance = chance;
    this.manner = manner;
    this.#direction = direction;
    this.#command = command;
    this.#left = count;
    this.#end = end;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  get dropped(): number {
    return this.#dropped;
  }

  fits(direction: Direction, command: string): boolean {
    return direction === this.#direction && (this.#command === undefined || this.#command === command);
  }

  count(): void {
    this.#dropped += 1;
    this.#left -= 1;
    if (this.#left > 0) return;
    this.#end();
    this.#finish();
  }

  stop(): void {
    this.#end();
  }
}
