/** Targets of `trunkline conformance`. */
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { LabProblem } from '../cli/lab-port.ts';
import { readTables } from '../lab/conformance/read-tables.ts';
import { SANDBOX_SCRIPT } from '../lab/launch/sandbox.ts';
import { EVALUATOR } from '../policy/conformance/evaluator.ts';
import { runTables, type StepResult } from '../policy/conformance/run.ts';
import { ec2Target } from './conformance-ec2.ts';

const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** Runs all tables of the project in `root` on the target. */
export async function measure(root: string, target: string): Promise<readonly StepResult[]> {
  const folder = resolve(root, 'conformance');
  if (target === 'lab') return inSandbox(root, folder);
  const tables = readTables(folder);
  return runTables(tables, target === 'evaluator' ? EVALUATOR : ec2Target(target, process.env));
}

async function inSandbox(root: string, folder: string): Promise<readonly StepResult[]> {
  const main = resolve(root, 'src/lab/conformance/main.real.ts');
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', main, folder];
  try {
    const { stdout } = await promisify(execFile)('sh', [SANDBOX_SCRIPT, ...node], {
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    return JSON.parse(stdout) as readonly StepResult[];
  } catch (error) {
    throw new LabProblem(`Cannot run the tables in a sandbox: ${String(error)}`);
  }
}
