/** `tcp-probe HOST PORT [SECONDS]`: says whether a TCP connection can be made; exit 0, 1 or 2. */
import { connect } from 'node:net';
import { resolveAlias } from './programs.ts';

const [host, portText, secondsText = '3'] = process.argv.slice(2);
const port = Number(portText);
const seconds = Number(secondsText);
if (host === undefined || !Number.isInteger(port) || !(seconds > 0)) {
  process.stderr.write('Usage: tcp-probe HOST PORT [SECONDS]\n');
  process.exit(2);
}

function finish(word: string, code: number): void {
  process.stdout.write(`${host}:${port} ${word}\n`);
  process.exit(code);
}

const address = resolveAlias(process.env['TRUNKLINE_HOST_ALIASES'] ?? '', host);
const socket = connect({ host: address, port });
const timer = setTimeout(() => finish(`timed out after ${seconds} s`, 1), seconds * 1000);
socket.on('connect', () => {
  clearTimeout(timer);
  finish('open', 0);
});
socket.on('error', (error: NodeJS.ErrnoException) => {
  clearTimeout(timer);
  finish(error.code === 'ECONNREFUSED' ? 'refused' : `failed: ${error.message}`, 1);
});
