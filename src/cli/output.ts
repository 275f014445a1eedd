import { messageOf } from '../core/errors.ts';
import { err } from './colors.ts';

/** What happens where stdout or stderr cannot be written any more. Without it, Node would end the process on the spot. */
export function watchOutput(): void {
  let isTold = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Each further line fails as well.
    if (isTold) return;
    isTold = true;
    if (error.code === 'EPIPE') return endEarly();
    process.exitCode = 1;
    process.stderr.write(`${err.red('error:')} stdout cannot be written: ${messageOf(error)}\n`);
  });
  // What is said there, such as the progress, is nothing to give up the work for.
  process.stderr.on('error', () => undefined);
}

/**
 * A reader that has seen enough, as `head`, has closed the pipe: that is no failure. Who works until a signal comes is asked
 * to stop as by one, so that nothing is left half done.
 */
function endEarly(): void {
  if (process.listenerCount('SIGTERM') === 0) process.exit(0);
  process.emit('SIGTERM', 'SIGTERM');
}

/** Writes to stdout. False where that failed; whoever closed the pipe does not count, having seen what there was to see. */
export function print(text: string): Promise<boolean> {
  return new Promise((resolve) => {
    process.stdout.write(text, (error: NodeJS.ErrnoException | null | undefined) => {
      resolve(error === null || error === undefined || error.code === 'EPIPE');
    });
  });
}
