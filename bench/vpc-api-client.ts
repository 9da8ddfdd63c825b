import { createHash, createHmac, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

/** A request that is ready to send. */
export interface Signed {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A server under test. */
export interface Target {
  readonly url: URL;
  readonly agent: Agent;
}

/** How fast an operation is, at one number of connections. */
export interface Rate {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const KEY = { id: 'AKIATEST', secret: 'secret' } as const;
const REGION = 'us-east-1';

/** Opens connections to a server. */
export function openTarget(url: string, connections: number): Target {
  return { url: new URL(url), agent: new Agent({ keepAlive: true, maxSockets: connections }) };
}

/** Signs beforehand, so that the measured time is the server's and not the signer's. */
export function sign(host: string, params: Readonly<Record<string, string>>): Signed {
  const body = new URLSearchParams({ Version: '2016-11-15', ...params }).toString();
  const amzDate = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const date = amzDate.slice(0, 8);
  const type = 'application/x-www-form-urlencoded; charset=utf-8';
  const canonical = `POST\n/\n\ncontent-type:${type}\nhost:${host}\nx-amz-date:${amzDate}\n\ncontent-type;host;x-amz-date\n${sha256(body)}`;
  const scope = `${date}/${REGION}/ec2/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${sha256(canonical)}`;
  let key: Buffer = Buffer.from(`AWS4${KEY.secret}`);
  for (const part of [date, REGION, 'ec2', 'aws4_request']) key = hmac(key, part);
  return {
    body,
    headers: {
      'content-type': type,
      'content-length': String(Buffer.byteLength(body)),
      host,
      'x-amz-date': amzDate,
      authorization: `AWS4-HMAC-SHA256 Credential=${KEY.id}/${scope}, SignedHeaders=content-type;host;x-amz-date, Signature=${hmac(key, text).toString('hex')}`,
    },
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** Sends a request; fails unless the answer is 200. */
export function send({ url, agent }: Target, { headers, body }: Signed): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${response.statusCode}: ${text.slice(0, 500)}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Calls an action. */
export function call(target: Target, params: Readonly<Record<string, string>>): Promise<string> {
  return send(target, sign(target.url.host, params));
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
  const worker = async (): Promise<void> => {
    for (;;) {
      const each = requests[next++];
      const startMs = performance.now();
      if (each === undefined || startMs - beganMs > limits.durationMs) return;
      await send(target, each);
      samples.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: limits.connections }, worker));
  const seconds = (performance.now() - beganMs) / 1000;
  const sorted = samples.sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN;
  return { perSecond: samples.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

/** A token that no other request has. */
export function freshToken(): string {
  return randomUUID();
}
