import { FlowsOff, type AskAgent } from '../cli/flows.ts';
import { LabProblem } from '../cli/lab-port.ts';
import { linesOverSocket, UnixHttpError } from '../io/unix-http.ts';

/** Status of an agent that records nothing. */
const OFF = 409;

/** Aborted by Ctrl-C, and when nobody reads what we print (`trunkline flows | head`). */
const enough = new AbortController();
process.once('SIGINT', () => enough.abort());
process.stdout.on('error', () => enough.abort());

/** Asks an agent over its socket. */
export const askAgent: AskAgent = async function* (socket, path) {
  try {
    yield* linesOverSocket(socket, path, enough.signal);
  } catch (error) {
    if (!(error instanceof UnixHttpError)) throw error;
    if (error.status === OFF) throw new FlowsOff(error.message);
    throw new LabProblem(`Cannot ask for flow records: ${error.message}`);
  }
};
