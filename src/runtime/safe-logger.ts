import { isWritten, type Logger, type LogLevel } from '../core/log.ts';

/** A logger of someone else's, kept from throwing: a line that cannot be written must not change what happens to a job. */
export function safeLogger(logger: Logger): Logger {
  const safely = (level: LogLevel) => (fields: object, message: string) => {
    try {
      logger[level](fields, message);
    } catch {
      // There is no other place to tell it.
    }
  };
  const isLevelEnabled = (level: LogLevel): boolean => {
    try {
      return isWritten(logger, level);
    } catch {
      return true;
    }
  };
  return { debug: safely('debug'), info: safely('info'), warn: safely('warn'), error: safely('error'), isLevelEnabled };
}
