/**
 * What the image of CoreDNS runs: a name server on port 53, UDP and TCP, and `/ready` on port 8181. It
 * reads its zone as lines of JSON from the unix socket in TRUNKLINE_ZONE_SOCKET, each line a whole zone,
 * and keeps the last one while the lab does not answer. Runs in Bun or Node.
 */
import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { Answerer } from '../dns/answer.ts';
import { decodeQuery, encodeAnswer, RESPONSE_CODES } from '../dns/message.ts';
import type { Zone } from '../dns/zone.ts';

const PORT = 53;
const READY_PORT = 8181;
const RETRY_MS = 500;
const LONGEST_MESSAGE = 65_535;
/** A client of TCP that says nothing for this long is sent away. */
const IDLE_MS = 10_000;

let answerer: Answerer | undefined;

function follow(path: string): void {
  const socket = connect({ path });
  socket.on('error', () => undefined);
  createInterface({ input: socket })
    .on('line', (line) => {
      answerer = new Answerer(JSON.parse(line) as Zone);
    })
    .on('error', () => undefined);
  socket.on('close', () => setTimeout(() => follow(path), RETRY_MS));
}

function respond(message: Uint8Array, overTcp: boolean): Uint8Array | undefined {
  const query = decodeQuery(message);
  if (!query || !answerer) return undefined;
  const answer =
    query.opcode === 0
      ? answerer.answer(query.name, query.type)
      : { code: RESPONSE_CODES.notImplemented, records: [] };
  return encodeAnswer(query, answer, overTcp ? LONGEST_MESSAGE : query.bytesMax);
}

/** Over TCP each message comes after its length (RFC 1035, 4.2.2). */
function serveStream(socket: Socket): void {
  let pending = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const answer = respond(pending.subarray(2, end), true);
      pending = pending.subarray(end);
      if (!answer) return void socket.destroy();
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([length, answer]));
    }
  });
}

const datagrams = createSocket('udp4');
datagrams.on('message', (message, from) => {
  const answer = respond(message, false);
  if (answer) datagrams.send(answer, from.port, from.address);
});
datagrams.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
datagrams.bind(PORT, '0.0.0.0');
createServer(serveStream).listen(PORT, '0.0.0.0');
createHttpServer((_, response) => {
  response.statusCode = answerer ? 200 : 503;
  response.end(answerer ? 'OK' : 'no zone yet');
}).listen(READY_PORT, '0.0.0.0');
follow(process.env['TRUNKLINE_ZONE_SOCKET'] ?? '');
process.on('SIGTERM', () => process.exit(0));
process.stdout.write(`Name server listens on ${PORT}\n`);
