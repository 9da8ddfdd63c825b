import { connectPod } from '../pods/pod-target.ts';
import { badRequest, methodNotAllowed } from '../status.ts';
import type { LogOptions } from '../../pod-runtime.ts';
import type { ResourceRequest } from './subresources.ts';

/** Streams a container's log (pods/log). */
export async function serveLog({ api, call, exchange }: ResourceRequest): Promise<void> {
  const { request, response, url, signal } = exchange;
  if (request.method !== 'GET') throw methodNotAllowed();
  const query = url.searchParams;
  const options = parseLogOptions(query);
  const { runtime, target } = connectPod(api, call, query.get('container') ?? '');
  const chunks = runtime.logs(target, options, signal)[Symbol.asyncIterator]();
  // The first chunk decides: what fails before it is an error answer, not a broken stream.
  let next = options.follow === true ? undefined : await chunks.next();
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
  response.flushHeaders();
  for (;;) {
    next ??= await chunks.next();
    if (next.done === true || signal.aborted) break;
    if (!response.write(next.value)) await drained(response, signal);
    next = undefined;
  }
  response.end();
}

function drained(response: NodeJS.WritableStream, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.removeListener('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    response.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Reads the query of a log request; 400 when it makes no sense. */
export function parseLogOptions(query: URLSearchParams): LogOptions {
  const number = (name: string): number | undefined => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0) {
      throw badRequest(`${name}: Invalid value: ${text}: must be greater than or equal to 0`);
    }
    return value;
  };
  const flag = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '');
  const entries: LogOptions = {
    follow: flag('follow'),
    timestamps: flag('timestamps'),
    previous: flag('previous'),
  };
  const tailLines = number('tailLines');
  const sinceSeconds = number('sinceSeconds');
  const limitBytes = number('limitBytes');
  const sinceTime = query.get('sinceTime') ?? '';
  if (sinceSeconds !== undefined && sinceTime !== '') {
    throw badRequest('at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  return {
    ...entries,
    ...(tailLines !== undefined && { tailLines }),
    ...(sinceSeconds !== undefined && { sinceSeconds }),
    ...(sinceTime !== '' && { sinceTime }),
    ...(limitBytes !== undefined && { limitBytes }),
  };
}
