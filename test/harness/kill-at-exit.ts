import type { ChildProcess } from 'node:child_process';

const children = new Set<ChildProcess>();

/** Ends a child with this process, whatever state it is in: a run that is interrupted leaves no process behind. */
export function killAtExit(child: ChildProcess): void {
  // One listener for all of them: there may be many.
  if (children.size === 0) process.once('exit', killAll);
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    if (children.size === 0) process.removeListener('exit', killAll);
  });
}

function killAll(): void {
  for (const child of children) child.kill('SIGKILL');
}
