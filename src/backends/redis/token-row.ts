const DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));

/** Whether tokens follow each other, each by one greater than the one before. Told from their last two digits, nearly always. */
export class TokenRow {
  #isWhole = true;
  /** All but the last two digits of the newest, and those. */
  #prefix = '';
  #last = Number.NaN;

  /** Whether all that were added do. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  add(token: string): void {
    if (!this.#isWhole) return;
    if (Number.isNaN(this.#last)) this.#begin(token);
    else this.#goOn(token);
  }

  #begin(token: string): void {
    // No other is given out; and these are what the script reckons with.
    if (!/^[1-9][0-9]{2,15}$/.test(token)) this.#isWhole = false;
    this.#prefix = token.slice(0, -2);
    this.#last = Number(token.slice(-2));
  }

  #goOn(token: string): void {
    this.#last += 1;
    if (this.#last === 100) {
      this.#prefix = String(Number(this.#prefix) + 1);
      this.#last = 0;
    }
    const prefix = this.#prefix;
    this.#isWhole =
      token.length === prefix.length + 2 && token.startsWith(prefix) && token.endsWith(DIGITS[this.#last] ?? '');
  }
}
