// The wall clock of this process, which may jump.

const SystemDate = Date;
let ahead = 0;

/** Sets the clock this far ahead of the true time, in milliseconds; or behind it. */
export function turnClock(milliseconds) {
  ahead = milliseconds;
  globalThis.Date = TurnedDate;
}

class TurnedDate extends SystemDate {
  constructor(...args) {
    if (args.length === 0) super(SystemDate.now() + ahead);
    else super(...args);
  }

  static now() {
    return SystemDate.now() + ahead;
  }
}
