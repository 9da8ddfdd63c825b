import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';

/** An HTTP request over a unix socket that was not answered with 200, or not answered. */
export class UnixHttpError extends Error {
  override readonly name = 'UnixHttpError';
  /** The status of the answer; undefined when nobody listens there or may be asked. */
  readonly status: number | undefined;

  constructor(status: number | undefined, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/**
 * The lines of an answer as they come. Ends when the answer does or the signal aborts; throws UnixHttpError
 * when it does not begin well or breaks off.
 */
export async function* linesOverSocket(
  socketPath: string,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const response = await ask(socketPath, path, signal).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw new UnixHttpError(undefined, `${socketPath} does not answer`, error);
  });
  if (!response) return;
  if (response.statusCode !== 200) {
    const text = (await response.setEncoding('utf8').toArray()).join('');
    throw new UnixHttpError(response.statusCode, text.trim());
  }
  try {
    for await (const line of createInterface({ input: response })) yield line;
  } catch (error) {
    if (signal.aborted) return;
    throw new UnixHttpError(undefined, `${socketPath} broke off`, error);
  } finally {
    response.destroy();
  }
}

function ask(socketPath: string, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, signal }, (response) => {
      // An abort in the middle of an answer is told to whoever reads it.
      response.on('error', () => {});
      resolve(response);
    });
    asked.once('error', reject);
    asked.end();
  });
}
