import { createHash, createHmac, randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { percentile } from './percentile.ts';

/** A whole request as it goes over the wire. */
export type Signed = Buffer;

/** A server under test. */
export interface Target {
  readonly url: URL;
  readonly connections: readonly Connection[];
}

/** What came of a run of requests. */
export interface Rate {
  readonly samplesMs: readonly number[];
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
}

/** A key to sign with. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

const KEY: AccessKey = { id: 'AKIATEST', secret: 'secret' };
const REGION = 'us-east-1';

/** Opens connections to a server; `close` ends them. */
export function openTarget(url: string, connections: number): Target {
  const parsed = new URL(url);
  return {
    url: parsed,
    connections: Array.from({ length: connections }, () => new Connection(parsed)),
  };
}

/** Ends the connections. */
export function close({ connections }: Target): void {
  for (const connection of connections) connection.end();
}

const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One connection with one request at a time. Written for this bench: client and server share two
 * processors, and node's own client costs about as much as the server that it measures.
 */
class Connection {
  readonly #url: URL;
  #socket: Socket | undefined;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;
  /** Of the whole answer; undefined until its head is here. */
  #wantedBytes: number | undefined;
  #headBytes = 0;
  #waiting: PromiseWithResolvers<string> | undefined;

  constructor(url: URL) {
    this.#url = url;
  }

  /** Sends a request; fails unless the answer is 200. Answers the body. */
  send(request: Signed): Promise<string> {
    this.#waiting = Promise.withResolvers<string>();
    this.#socket ??= this.#open();
    this.#socket.write(request);
    return this.#waiting.promise;
  }

  end(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    const socket = connect({ host: this.#url.hostname, port: Number(this.#url.port) });
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => {
      if (this.#socket === socket) this.#fail(new Error('The connection was closed'));
    });
    return socket;
  }

  #fail(error: Error): void {
    this.end();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    if (this.#wantedBytes === undefined) this.#readHead();
    if (this.#wantedBytes !== undefined && this.#sizeBytes >= this.#wantedBytes) this.#answer();
  }

  #readHead(): void {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    const end = all.indexOf(HEAD_END);
    if (end < 0) return;
    this.#headBytes = end + HEAD_END.length;
    const length = /\r\ncontent-length: *(\d+)/i.exec(all.toString('latin1', 0, end));
    if (length === null) this.#fail(new Error('The answer has no content-length'));
    else this.#wantedBytes = this.#headBytes + Number(length[1]);
  }

  #answer(): void {
    const all = Buffer.concat(this.#chunks);
    const head = all.toString('latin1', 0, this.#headBytes);
    const body = all.toString('utf8', this.#headBytes);
    this.#chunks = [];
    this.#sizeBytes = 0;
    this.#wantedBytes = undefined;
    if (endsConnection(head)) this.end();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (head.startsWith('200', 'HTTP/1.1 '.length)) waiting?.resolve(body);
    else waiting?.reject(new Error(`${head.split('\r\n', 1)[0]}: ${body.slice(0, 500)}`));
  }
}

function endsConnection(head: string): boolean {
  return head.startsWith('HTTP/1.0') || /\r\nconnection: *close/i.test(head);
}

/** Signs beforehand, so that the measured time is the server's and not the signer's. */
export function sign(
  host: string,
  params: Readonly<Record<string, string>>,
  accessKey = KEY,
): Signed {
  const body = new URLSearchParams({ Version: '2016-11-15', ...params }).toString();
  const amzDate = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const date = amzDate.slice(0, 8);
  const type = 'application/x-www-form-urlencoded; charset=utf-8';
  const canonical = `POST\n/\n\ncontent-type:${type}\nhost:${host}\nx-amz-date:${amzDate}\n\ncontent-type;host;x-amz-date\n${sha256(body)}`;
  const scope = `${date}/${REGION}/ec2/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${sha256(canonical)}`;
  const key = signingKey(date, accessKey);
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKey.id}/${scope}, SignedHeaders=content-type;host;x-amz-date, Signature=${hmac(key, text).toString('hex')}`;
  const head = [
    'POST / HTTP/1.1',
    `host: ${host}`,
    `content-type: ${type}`,
    `content-length: ${Buffer.byteLength(body)}`,
    `x-amz-date: ${amzDate}`,
    `authorization: ${authorization}`,
  ].join('\r\n');
  return Buffer.from(`${head}\r\n\r\n${body}`);
}

const signingKeys = new Map<string, Buffer>();

function signingKey(date: string, { id, secret }: AccessKey): Buffer {
  const name = `${id}/${date}`;
  let key = signingKeys.get(name);
  if (key === undefined) {
    key = Buffer.from(`AWS4${secret}`);
    for (const part of [date, REGION, 'ec2', 'aws4_request']) key = hmac(key, part);
    signingKeys.set(name, key);
  }
  return key;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Calls an action. */
export function call(target: Target, params: Readonly<Record<string, string>>): Promise<string> {
  const [connection] = target.connections;
  if (connection === undefined) throw new Error('The target has no connections');
  return connection.send(sign(target.url.host, params));
}

/** The first text of an element. */
export function element(xml: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '';
}

/** Sends the requests as fast as the connections take them, for at most so long. */
export async function measure(
  target: Target,
  requests: readonly Signed[],
  limits: { readonly connections: number; readonly durationMs: number },
): Promise<Rate> {
  const samples: number[] = [];
  const beganMs = performance.now();
  let next = 0;
  const worker = async (connection: Connection): Promise<void> => {
    for (;;) {
      const each = requests[next++];
      const startMs = performance.now();
      if (each === undefined || startMs - beganMs > limits.durationMs) return;
      await connection.send(each);
      samples.push(performance.now() - startMs);
    }
  };
  await Promise.all(target.connections.slice(0, limits.connections).map(worker));
  const seconds = (performance.now() - beganMs) / 1000;
  const p50Ms = percentile(samples, 50);
  return { samplesMs: samples, seconds, perSecond: samples.length / seconds, p50Ms };
}

/** A token that no other request has. */
export function freshToken(): string {
  return randomUUID();
}
