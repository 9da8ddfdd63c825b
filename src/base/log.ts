/** Data that goes with a log line. Never put secrets here. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * The structured logger that everything takes as a dependency. The message is a constant string;
 * data goes into the fields. Log changes of state, not iterations.
 */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Log;
}

/** A logger that drops everything; the default in tests. */
export const silentLog: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLog,
};
