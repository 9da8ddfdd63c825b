import { CniError, cniErrorBody, type CniErrorBody } from './errors.ts';
import { parseRequest, type CniEnvironment } from './request.ts';
import { CNI_VERSIONS } from './version.ts';
import type { AgentResponse } from './wire.ts';

/**
 * The CNI plugin without its process (DESIGN: D13): protocol only. All state and wiring are in the
 * agent; here a call becomes one line to its socket, and the answer becomes stdout.
 */
export interface PluginCall {
  readonly environment: CniEnvironment;
  readonly stdin: string;
  /** Sends one line to the socket and resolves with the line that comes back. */
  readonly exchange: (socketPath: string, line: string) => Promise<string>;
}

/** What the process prints and how it exits. */
export interface PluginOutcome {
  readonly stdout: string;
  readonly exitCode: 0 | 1;
}

/** Longest wait for the agent; above its own longest wait for an address. */
export const EXCHANGE_TIMEOUT_MS = 30_000;

/** Handles one call. Never throws: every failure becomes an error object on stdout. */
export async function runPlugin(call: PluginCall): Promise<PluginOutcome> {
  try {
    if (call.environment['CNI_COMMAND'] === 'VERSION') return printed(versionResult(call.stdin), 0);
    return await ask(call);
  } catch (error) {
    return failed(call.stdin, cniErrorBody(error));
  }
}

async function ask(call: PluginCall): Promise<PluginOutcome> {
  const request = parseRequest(call.environment, call.stdin);
  const { socketPath } = request.config;
  let line: string;
  try {
    line = await call.exchange(socketPath, JSON.stringify(request));
  } catch (error) {
    const name = request.command === 'STATUS' ? 'notAvailable' : 'tryAgainLater';
    const why = error instanceof Error ? error.message : String(error);
    throw new CniError(name, `the Trunkline agent does not answer on ${socketPath}`, why);
  }
  const response = JSON.parse(line) as AgentResponse;
  if (!response.ok) return failed(call.stdin, response.error);
  return response.result ? printed(response.result, 0) : { stdout: '', exitCode: 0 };
}

function failed(stdin: string, body: CniErrorBody): PluginOutcome {
  return printed({ cniVersion: versionOf(stdin), ...body }, 1);
}

function printed(value: object, exitCode: 0 | 1): PluginOutcome {
  return { stdout: `${JSON.stringify(value)}\n`, exitCode };
}

function versionResult(stdin: string): object {
  return { cniVersion: versionOf(stdin), supportedVersions: CNI_VERSIONS };
}

/** The version that the caller speaks, also when its config is otherwise unusable. */
function versionOf(stdin: string): string {
  const latest = CNI_VERSIONS.at(-1) ?? '1.1.0';
  try {
    const { cniVersion } = JSON.parse(stdin) as { cniVersion?: unknown };
    return typeof cniVersion === 'string' && CNI_VERSIONS.includes(cniVersion)
      ? cniVersion
      : latest;
  } catch {
    return latest;
  }
}
