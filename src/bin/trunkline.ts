#!/usr/bin/env node
/** The command line. Needs Node.js 24; `trunkline.mjs` beside it starts it from any. */
import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import type { CommandContext } from '../cli/command.ts';
import { runProgram } from '../cli/program.ts';
import { systemClock } from '../io/clock.ts';
import { cryptoRandom } from '../io/random.ts';
import { createLabPort } from '../lab/launch/lab-port.ts';

const root = resolve(import.meta.dirname, '../..');
const beganMs = Number(process.env['TRUNKLINE_BEGAN_MS'] ?? systemClock.nowMs());
const context: CommandContext = {
  lab: createLabPort({
    env: process.env,
    clock: systemClock,
    random: cryptoRandom,
    root,
    nodePath: process.execPath,
    mainModule: resolve(root, 'src/lab/main.ts'),
    beganMs,
  }),
  // Loaded only when asked for: the other commands need none of it.
  vpcServe: async (request, listening) => {
    const { serveVpc } = await import('./vpc-serve.ts');
    await serveVpc(request, listening);
  },
  conformance: async (target) => {
    const { measure } = await import('./conformance.ts');
    return measure(root, target);
  },
  connectKube: async (path) => {
    const { connectKube } = await import('./connect-kube.ts');
    return connectKube(path);
  },
  askAgent: async function* (socket, path) {
    const { askAgent } = await import('./ask-agent.ts');
    yield* askAgent(socket, path);
  },
  clock: systemClock,
  beganMs,
  write: (text) => void process.stdout.write(text),
  terminal: { write: (text) => void process.stderr.write(text), live: isatty(process.stderr.fd) },
  interactive: isatty(process.stdout.fd),
};
process.exitCode = await runProgram(process.argv.slice(2), context, (text) => {
  process.stderr.write(text);
});
