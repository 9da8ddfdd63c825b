import type { ConformanceClient, Outcome } from './client.ts';
import { startPythonWorker } from './python-worker.ts';

type Answer = Outcome & { readonly lost?: readonly string[] };

/** boto3 in a process of its own. An answer that botocore does not parse without loss is an error. */
export function createBotoClient(python: string): ConformanceClient {
  const worker = startPythonWorker(python, 'boto_worker.py');
  const ask = async (request: unknown): Promise<Outcome> => {
    const { lost = [], ...outcome } = (await worker.ask(request)) as Answer;
    if (lost.length === 0) return outcome;
    throw new Error(`botocore did not parse the answer without loss: ${lost.join(', ')}`);
  };
  return {
    name: 'boto3',
    call: (place, request) => ask({ verb: 'call', place, ...request }),
    wait: (place, request) => ask({ verb: 'wait', place, ...request }),
    pages: (place, request) => ask({ verb: 'pages', place, ...request }),
    close: () => worker.close(),
  };
}
