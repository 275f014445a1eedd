import { BackendError, type ErrorCode, type Fate, messageOf } from '../../core/errors.ts';

/** The first words of replies by which Redis says: not now. Nothing was changed, and a moment later it may well go. */
const NOT_NOW = /^(LOADING|MASTERDOWN|READONLY|TRYAGAIN|BUSY|CLUSTERDOWN|NOREPLICAS) /;

/** Not as things are. Nothing was changed, and somebody has to change something first. */
const NOT_SO = /^(MISCONF|NOAUTH|WRONGPASS|NOPERM|MOVED|ASK|CROSSSLOT|DENIED|NOPROTO) /;

/** A server that answers, and will do what it is asked when it has read its files, found its primary, or ended a script. */
export function isStarting(error: unknown): boolean {
  return /^(LOADING|MASTERDOWN|BUSY) /.test(messageOf(error));
}

/** We talk to what is not, or not yet, the primary: the address must be looked up anew, and the server looked at again. */
export function isMisplaced(error: unknown): boolean {
  return /^(READONLY|LOADING|MASTERDOWN) /.test(messageOf(error));
}

export function isUnknownScript(error: unknown): boolean {
  return messageOf(error).startsWith('NOSCRIPT');
}

/** The client found that it has no connection to write to. Its own queue for such commands is switched off. */
export function isUnwritten(error: unknown): boolean {
  return messageOf(error).startsWith("Stream isn't writeable");
}

/** Whether the server itself has said no, over a connection that works. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** What the server has said to a command, in our words. */
export function describeReply(cause: unknown, location: string): BackendError {
  hideWords(cause);
  const message = messageOf(cause);
  const refused = (code: ErrorCode, text: string, isTransient: boolean): BackendError =>
    new BackendError(code, text, 'not done', { cause, isTransient });
  if (message.startsWith('OOM ')) {
    const advice = 'raise maxmemory, or remove jobs that are kept; jobs that run already are settled all the same';
    return refused(
      'WINGMAN_BACKEND_FULL',
      `${location} has no memory left for more jobs: ${advice} (${message})`,
      false,
    );
  }
  if (NOT_NOW.test(message)) return refused('WINGMAN_BACKEND_REFUSED', `${location} refused: ${message}`, true);
  if (NOT_SO.test(message)) return refused('WINGMAN_BACKEND_REFUSED', `${location} refused: ${message}`, false);
  // An error in the middle of a script does not undo what the script has written.
  return new BackendError('WINGMAN_BACKEND_FAILED', `${location} failed: ${message}`, 'unknown', { cause });
}

export function unreachable(location: string, why: string, fate: Fate, cause?: unknown): BackendError {
  const message = `${location} cannot be reached: ${why}`;
  return new BackendError('WINGMAN_BACKEND_UNREACHABLE', message, fate, { cause, isTransient: true });
}

export function closed(location: string, fate: Fate): BackendError {
  return new BackendError('WINGMAN_BACKEND_CLOSED', `the connection to ${location} is closed`, fate);
}

/** The client hangs the words of a command on its error: payloads, or a password, which must not get into a log. */
export function hideWords(error: unknown): void {
  if (error instanceof Error) Reflect.deleteProperty(error, 'command');
}
