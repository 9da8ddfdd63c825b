import type { Container, Probe } from '../../../../api/core/pod.ts';
import type { Clock } from '../../../../base/clock.ts';
import { probeHttp, probeTcp, type ProbeResult } from './connect.ts';

/** What probes of a container need to know about where it runs. */
export interface ProbeContext {
  readonly container: Container;
  readonly podIp: string;
  /** Namespace from which HTTP and TCP probes are made: the node's. */
  readonly hostNetns: string;
  readonly clock: Clock;
  /** Runs a command in the container; answers its exit code and output. */
  readonly exec: (
    command: readonly string[],
    timeoutMs: number,
  ) => Promise<{ readonly code: number; readonly output: string }>;
}

/** Makes one attempt of a probe. */
export async function runProbe(
  probe: Probe,
  context: ProbeContext,
  timeoutMs: number,
): Promise<ProbeResult> {
  if (probe.exec) {
    const { code, output } = await context.exec(probe.exec.command ?? [], timeoutMs);
    return code === 0 ? { ok: true } : { ok: false, message: output.trim() || `exit code ${code}` };
  }
  const action = probe.httpGet ?? probe.tcpSocket;
  if (!action) return { ok: false, message: 'the lab knows httpGet, tcpSocket and exec probes' };
  const port = portNumber(action.port, context.container);
  if (port === undefined)
    return { ok: false, message: `couldn't find port ${action.port} of the container` };
  const { hostNetns: netns, podIp, clock } = context;
  const target = { netns, host: action.host ?? podIp, port, timeoutMs };
  if (!probe.httpGet) return probeTcp(target, clock);
  const { path, scheme } = { path: '/', scheme: 'HTTP', ...probe.httpGet };
  return probeHttp({ ...target, path, scheme, hostHeader: target.host }, clock);
}

function portNumber(port: number | string, container: Container): number | undefined {
  if (typeof port === 'number') return port;
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  return named ?? (/^\d+$/.test(port) ? Number(port) : undefined);
}
