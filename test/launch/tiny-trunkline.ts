/** The command line over the tiny lab: `src/bin/trunkline.ts` with another main module. */
import { resolve } from 'node:path';
import { runProgram } from '../../src/cli/program.ts';
import { systemClock } from '../../src/io/clock.ts';
import { cryptoRandom } from '../../src/io/random.ts';
import { createLabPort } from '../../src/lab/launch/lab-port.ts';

const beganMs = systemClock.nowMs();
const lab = createLabPort({
  env: process.env,
  clock: systemClock,
  random: cryptoRandom,
  root: resolve(import.meta.dirname, '../..'),
  nodePath: process.execPath,
  mainModule: resolve(import.meta.dirname, 'tiny-main.ts'),
  beganMs,
});
process.exitCode = await runProgram(
  process.argv.slice(2),
  {
    lab,
    vpcServe: () => Promise.reject(new Error('The tiny lab has no VPC API')),
    conformance: () => Promise.reject(new Error('The tiny lab measures nothing')),
    connectKube: () => Promise.reject(new Error('The tiny lab has no Kubernetes API')),
    askAgent: () => {
      throw new Error('The tiny lab has no agents');
    },
    clock: systemClock,
    beganMs,
    write: (text) => void process.stdout.write(text),
    terminal: { write: (text) => void process.stderr.write(text), live: false },
    interactive: process.argv.includes('--link-driver'),
  },
  (text) => void process.stderr.write(text),
);
