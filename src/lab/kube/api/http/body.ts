import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { ApiError, badRequest } from '../status.ts';

/** Largest request body, as in the real API server. */
const BODY_LIMIT_BYTES = 3 * 1024 * 1024;

/** The media type of a request without its parameters; '' when there is none. */
export function contentType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Reads and parses a body, JSON or YAML; undefined when it is empty. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const type = contentType(request);
  if (type.includes('protobuf')) {
    throw new ApiError(
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: ' +
        'application/json, application/yaml',
    );
  }
  const text = await readText(request);
  if (text === '') return undefined;
  return type.includes('yaml') ? parseYaml(text) : parseJson(text);
}

async function readText(request: IncomingMessage): Promise<string> {
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
  return Buffer.concat(chunks).toString('utf8');
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
