import { readFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { EXCHANGE_TIMEOUT_MS, runPlugin } from './plugin.ts';

/** The plugin as a process under Node, for machines without Bun. */
void runPlugin({
  environment: process.env,
  stdin: readFileSync(0, 'utf8'),
  exchange: (socketPath, line) =>
    new Promise((resolve, reject) => {
      const answer: Buffer[] = [];
      const socket = connect(socketPath, () => socket.write(`${line}\n`));
      socket.setTimeout(EXCHANGE_TIMEOUT_MS, () => socket.destroy(new Error('timed out')));
      socket.on('data', (chunk: Buffer) => {
        answer.push(chunk);
        if (chunk.at(-1) !== 10) return;
        socket.destroy();
        resolve(Buffer.concat(answer).toString());
      });
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('the agent closed the connection')));
    }),
}).then(({ stdout, exitCode }) => {
  // `process.stdout` would cost 4 ms to set up.
  writeSync(1, stdout);
  process.exit(exitCode);
});
