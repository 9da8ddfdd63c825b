import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { GoldenAnswer } from './golden-answers.ts';

const SOURCES = resolve(import.meta.dirname, 'go');
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/trunkline');
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Reads answers with the Go SDK; nil is null. */
export interface GoReader {
  read(answers: readonly GoldenAnswer[]): readonly unknown[];
}

/** The program, or why there is none. Builds nothing: test stages have no network. */
export function findGoReader(): GoReader | { readonly skipped: string } {
  const program = goReaderPath();
  if (!existsSync(program)) return { skipped: "no reader with the Go SDK: run 'npm run test:go'" };
  return { read: (answers) => read(program, answers) };
}

/** Where the program for the present sources is, once it is built. */
export function goReaderPath(): string {
  const hash = createHash('sha256');
  for (const name of ['main.go', 'go.sum']) hash.update(readFileSync(join(SOURCES, name)));
  return join(CACHE, `go-${hash.digest('hex').slice(0, 8)}`, 'reader');
}

function read(program: string, answers: readonly GoldenAnswer[]): readonly unknown[] {
  const lines = answers.map(({ action, xml }) => JSON.stringify({ Action: action, Body: xml }));
  const { status, stdout, stderr } = spawnSync(program, {
    input: lines.join('\n'),
    encoding: 'utf8',
    // No AWS settings of whoever runs the test.
    env: {},
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (status !== 0) throw new Error(`The reader with the Go SDK failed: ${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { ok, error } = JSON.parse(line) as { readonly ok?: unknown; readonly error?: string };
      if (error !== undefined) throw new Error(`Go: ${error}`);
      return ok;
    });
}
