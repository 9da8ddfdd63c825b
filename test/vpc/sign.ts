import { createHash, createHmac } from 'node:crypto';

/** A key as clients have it. */
export interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What is signed. */
export interface Unsigned {
  readonly body: string | Uint8Array;
  readonly host: string;
  readonly region?: string;
  readonly service?: string;
  readonly nowMs: number;
  /** Default: that of forms. */
  readonly contentType?: string;
  /** Default: POST. */
  readonly method?: string;
  /** Encoded; default: that of the query protocols. */
  readonly path?: string;
  /** Encoded and sorted already. */
  readonly query?: string;
}

const FORM = 'application/x-www-form-urlencoded; charset=utf-8';

/** Headers of a signed request, as the SigV4 documentation has it; nothing of `src` is used. */
export function sign(key: Key, request: Unsigned): Record<string, string> {
  const { body, host, nowMs, region = 'us-east-1', service = 'ec2' } = request;
  const { contentType: type = FORM, method = 'POST', query = '', path = '/' } = request;
  const amzDate = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const date = amzDate.slice(0, 8);
  const names = 'content-type;host;x-amz-date';
  const uri = path.split('/').map(encodeURIComponent).join('/');
  const canonical = `${method}\n${uri}\n${query}\ncontent-type:${type}\nhost:${host}\nx-amz-date:${amzDate}\n\n${names}\n${sha256(body)}`;
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${amzDate}\n${scope}\n${sha256(canonical)}`;
  const signing = signingKey(key.secretAccessKey, scope);
  const credential = `${key.accessKeyId}/${scope}`;
  const signature = hmac(signing, text).toString('hex');
  return {
    'content-type': type,
    host,
    'x-amz-date': amzDate,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

const signingKeys = new Map<string, Uint8Array>();

/** Kept, as in every client: four HMACs cost more than the rest. */
function signingKey(secret: string, scope: string): Uint8Array {
  const name = `${secret} ${scope}`;
  const known = signingKeys.get(name);
  if (known !== undefined) return known;
  const made = scope
    .split('/')
    .reduce((key: Uint8Array, part) => hmac(key, part), Buffer.from(`AWS4${secret}`));
  signingKeys.set(name, made);
  return made;
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
