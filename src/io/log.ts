import { pino, stdSerializers, stdTimeFunctions, type Logger } from 'pino';
import type { Log, LogFields } from '../base/log.ts';

/** How a log is made. */
export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Receives one JSON line, with its line end, per entry. Default: standard error. */
  readonly write?: (line: string) => void;
}

/**
 * A log of JSON lines. Fields named `error` or `err` that hold an Error are written as type,
 * message, stack, code and cause.
 */
export function createLog({ level, write }: LogOptions): Log {
  const stream = { write: write ?? ((line: string) => void process.stderr.write(line)) };
  const serializers = { error: stdSerializers.err, err: stdSerializers.err };
  // No pid and host name on every line: `base: null`.
  return wrap(
    pino({ level, base: null, timestamp: stdTimeFunctions.isoTime, serializers }, stream),
  );
}

function wrap(logger: Logger): Log {
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
    child: (fields: LogFields) => wrap(logger.child(fields)),
  };
}
