/**
 * Opens and resets TCP connections one after another and says how many, and the CPU time that they
 * took: `flow-client.mjs ADDRESS PORT`. The
 * C library is called directly, so that a connection costs the kernel's time and little else. With
 * `serve PORT` it is the other end.
 */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const library = createRequire(import.meta.url)('koffi').load('libc.so.6');
const socket = library.func('int socket(int, int, int)');
const setsockopt = library.func('int setsockopt(int, int, int, const void *, uint32_t)');
const connect = library.func('int connect(int, const void *, uint32_t)');
const bind = library.func('int bind(int, const void *, uint32_t)');
const listen = library.func('int listen(int, int)');
const accept = library.func('int accept(int, void *, void *)');
const close = library.func('int close(int)');

const [AF_INET, SOCK_STREAM, SOL_SOCKET, SO_REUSEADDR, SO_LINGER] = [2, 1, 1, 2, 13];
const REPORT_MS = 50;
/** Lingering for no time at all: close sends a reset, and no port waits. */
const AT_ONCE = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
const YES = Buffer.from([1, 0, 0, 0]);

function endpoint(address, port) {
  const out = Buffer.alloc(16);
  out.writeUInt16LE(AF_INET, 0);
  out.writeUInt16BE(port, 2);
  Buffer.from(address.split('.').map(Number)).copy(out, 4);
  return out;
}

const [first, second] = process.argv.slice(2);
if (first === 'serve') {
  const fd = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, YES, 4);
  bind(fd, endpoint('0.0.0.0', Number(second)), 16);
  listen(fd, 4096);
  writeSync(1, 'ready\n');
  for (;;) close(accept(fd, null, null));
}

const target = endpoint(first, Number(second));
let count = 0;
let reportedMs = Date.now();
for (;;) {
  for (let i = 0; i < 64; i++) {
    const fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, target, 16) === 0) count += 1;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, AT_ONCE, 8);
    close(fd);
  }
  const nowMs = Date.now();
  if (nowMs - reportedMs < REPORT_MS) continue;
  reportedMs = nowMs;
  const { user, system } = process.cpuUsage();
  writeSync(1, `${nowMs} ${count} ${user + system}\n`);
}
