import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { ApiError, badRequest } from '../status.ts';
import { decodeProtobuf } from './protobuf.ts';

/** Largest request body, as in the real API server. */
const BODY_LIMIT_BYTES = 3 * 1024 * 1024;

/** The media type of a request without its parameters; '' when there is none. */
export function contentType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Reads and parses a body, JSON, YAML or Protobuf; undefined when it is empty. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const type = contentType(request);
  const body = await readBytes(request);
  if (body.length === 0) return undefined;
  if (type.includes('protobuf')) return decodeProtobuf(body);
  const text = body.toString('utf8');
  return type.includes('yaml') ? parseYaml(text) : parseJson(text);
}

async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > BODY_LIMIT_BYTES) {
      const message = `Request entity too large: limit is ${BODY_LIMIT_BYTES}`;
      throw new ApiError(413, 'RequestEntityTooLarge', message);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw badRequest(`the object provided is unrecognized: ${(error as Error).message}`);
  }
}

function parseYaml(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (error) {
    throw badRequest(`error converting YAML to JSON: ${(error as Error).message}`);
  }
}
