export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Where log lines go: the four methods that pino, console-like loggers and most others share. Fields first, then the
 * message, as pino has it.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** Whether lines of a level are written, as pino and winston tell it; where left out, all are. Those that are not cost nothing then. */
  isLevelEnabled?(level: LogLevel): boolean;
}

/** A logger whose every line carries `fields` as well. */
export function withFields(logger: Logger, fields: object): Logger {
  return {
    debug: (more, message) => logger.debug({ ...fields, ...more }, message),
    info: (more, message) => logger.info({ ...fields, ...more }, message),
    warn: (more, message) => logger.warn({ ...fields, ...more }, message),
    error: (more, message) => logger.error({ ...fields, ...more }, message),
    isLevelEnabled: (level) => isWritten(logger, level),
  };
}

/** Whether a logger writes lines of a level. */
export function isWritten(logger: Logger, level: LogLevel): boolean {
  return logger.isLevelEnabled?.(level) ?? true;
}
