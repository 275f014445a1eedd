import type { ChildProcess } from 'node:child_process';

/** Ends a child with this process, whatever state it is in: a run that is interrupted leaves no process behind. */
export function killAtExit(child: ChildProcess): void {
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.removeListener('exit', kill));
}
