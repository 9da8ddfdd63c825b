import { readFileSync, writeSync } from 'node:fs';
import { EXCHANGE_TIMEOUT_MS, runPlugin } from './plugin.ts';

/**
 * The plugin as a process under Bun: `Bun.connect` starts in 8 ms, its node:net in 11 ms
 * (measurements.md, section 1).
 */
declare const Bun: {
  connect(options: {
    readonly unix: string;
    readonly socket: {
      open(socket: BunSocket): void;
      data(socket: BunSocket, chunk: Uint8Array): void;
      drain(socket: BunSocket): void;
      close(): void;
      error(socket: BunSocket, error: Error): void;
      connectError(socket: BunSocket, error: Error): void;
    };
  }): Promise<unknown>;
};

interface BunSocket {
  /** Bytes taken; the rest must be written again after `drain`. */
  write(data: Uint8Array): number;
  end(): void;
}

void runPlugin({
  environment: process.env,
  stdin: readFileSync(0, 'utf8'),
  exchange: (unix, line) =>
    new Promise((resolve, reject) => {
      let rest: Uint8Array = Buffer.from(`${line}\n`);
      const answer: Buffer[] = [];
      const push = (socket: BunSocket): void => {
        if (rest.length > 0) rest = rest.subarray(socket.write(rest));
      };
      setTimeout(() => reject(new Error('timed out')), EXCHANGE_TIMEOUT_MS);
      Bun.connect({
        unix,
        socket: {
          open: push,
          drain: push,
          data(socket, chunk) {
            answer.push(Buffer.from(chunk));
            if (chunk.at(-1) !== 10) return;
            // Before `end`, which calls `close` at once.
            resolve(Buffer.concat(answer).toString());
            socket.end();
          },
          close: () => reject(new Error('the agent closed the connection')),
          error: (_, error) => reject(error),
          connectError: (_, error) => reject(error),
        },
      }).catch(reject);
    }),
}).then(({ stdout, exitCode }) => {
  // `process.stdout` would cost 4 ms to set up.
  writeSync(1, stdout);
  process.exit(exitCode);
});
