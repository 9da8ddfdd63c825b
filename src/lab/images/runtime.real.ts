import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PROGRAMS, TOOLS, type Program } from './programs.ts';

/**
 * What runs our programs: Bun where it is installed, because an echo server in it takes 12.6 MB of
 * memory of its own against 22 MB in Node (PSS, measured); else this very Node.
 */
function runtimeCommand(): readonly string[] {
  try {
    const bun = createRequire(import.meta.url).resolve('@oven/bun-linux-x64/bin/bun');
    if (existsSync(bun)) return [bun, '--no-env-file', '--smol'];
  } catch {
    // An optional package: other platforms do not have it.
  }
  return [process.execPath];
}

/** The command line of one of our programs. */
export function commandOfProgram({ file, args }: Program): readonly string[] {
  return [...runtimeCommand(), join(import.meta.dirname, file), ...args];
}

/** Writes the folder of tools for the PATH of containers; each is a two-line script. */
export function writeTools(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const tool of TOOLS) {
    const command = commandOfProgram(PROGRAMS[tool]).map((word) => `'${word}'`);
    const script = `#!/bin/sh\nexec ${command.join(' ')} "$@"\n`;
    writeFileSync(join(folder, tool), script, { mode: 0o755 });
  }
  return folder;
}
