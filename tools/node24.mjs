/**
 * Finds the Node.js 24 that npm installed, and becomes it. Plain JavaScript for any Node.js >= 18:
 * this runs before the right one does.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/** `fcntl(fd, F_SETFD, 0)`: keep the descriptor open over exec. */
const F_SETFD = 2;

/** Root of the repository. */
export const ROOT = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

/** The first release that runs TypeScript with all that we use and can replace its process. */
const LEAST = [24, 0];

/** Whether the running Node.js is good enough itself. */
export function runsHere() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1]);
}

/** Path of Node.js 24, or undefined when npm has not installed it (or its scripts did not run). */
export function findNode24() {
  const platform = `node-${process.platform}-${process.arch}`;
  const places = [
    `node_modules/node/bin/node`,
    `node_modules/${platform}/bin/node`,
    `node_modules/node/node_modules/${platform}/bin/node`,
  ];
  const found = places.map((place) => resolve(ROOT, place)).find(isExecutable);
  return found ?? (runsHere() ? process.execPath : undefined);
}

/** The environment for Node.js 24: without settings that slow its start or change how it runs. */
export function cleanEnvironment() {
  const env = { ...process.env };
  delete env.NODE_OPTIONS;
  delete env.NODE_EXTRA_CA_CERTS;
  env.PATH = `${resolve(ROOT, 'node_modules/.bin')}:${env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`;
  return env;
}

/**
 * Becomes `file args`: replaces this process, so that no idle Node.js stays and signals and the death
 * of the parent reach the real thing. Where that is not possible, starts it and passes signals on.
 */
export function become(file, args, env) {
  replaceProcess(file, args, env);
  const child = spawn(file, args, { stdio: 'inherit', env });
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
  child.on('error', (error) => fail(`Cannot run ${file}: ${error.message}`, 1));
  child.on('exit', (code, signal) => {
    process.exit(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15));
  });
}

/** Says what is wrong and ends. */
export function fail(message, status) {
  console.error(`trunkline: ${message}`);
  process.exit(status);
}

function replaceProcess(file, args, env) {
  const entries = Object.entries(env).filter(([, value]) => value !== undefined);
  try {
    if (typeof process.execve === 'function') {
      process.execve(file, [file, ...args], Object.fromEntries(entries));
    }
    // Node.js 20 has no execve of its own, and marks even its stdio descriptors to close on exec.
    const libc = createRequire(import.meta.url)('koffi').load('libc.so.6');
    const fcntl = libc.func('int fcntl(int fd, int command, ...)');
    for (const fd of [0, 1, 2]) fcntl(fd, F_SETFD, 'int', 0);
    const execve = libc.func('int execve(const char *file, const char **argv, const char **envp)');
    execve(file, [file, ...args, null], [...entries.map((pair) => pair.join('=')), null]);
  } catch {
    // Not installed yet, or another libc: `become` starts a child instead.
  }
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
