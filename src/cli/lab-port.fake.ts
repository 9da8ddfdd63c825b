import {
  LabProblem,
  type LabAccess,
  type LabPort,
  type LabProgress,
  type LabSummary,
  type LabUpRequest,
} from './lab-port.ts';

/** Labs that exist in memory only, for tests of commands. */
export interface FakeLabPort extends LabPort {
  /** Requests to `run`: the foreground, which never returns in reality. */
  readonly foreground: readonly LabUpRequest[];
  /** As after kill -9: the lab is dead and its files are there. */
  kill(name: string): void;
}

/** What every fake lab gives away. */
export const FAKE_ACCESS: LabAccess = {
  kubeconfig: 'kind: Config\n',
  ec2Endpoint: 'http://127.0.0.1:4002',
  accessKeyId: 'AKIDFAKE',
  secretAccessKey: "it's $ecret",
  region: 'us-east-1',
};

/** Labs in memory, each with one component, `webhook`. */
export function createFakeLabPort(): FakeLabPort {
  const labs = new Map<string, LabSummary>();
  const stopped = new Set<string>();
  const foreground: LabUpRequest[] = [];
  const living = (name: string): LabSummary => {
    const lab = labs.get(name);
    if (lab?.state !== 'running') throw new LabProblem(`Lab ${name} is not running`);
    return lab;
  };
  const sweep = (): string[] => {
    const dead = [...labs.values()].filter(({ state }) => state === 'dead');
    for (const { name } of dead) labs.delete(name);
    return dead.map(({ name }) => name);
  };
  const up = (request: LabUpRequest, report: (progress: LabProgress) => void): LabSummary => {
    if (labs.has(request.name)) throw new LabProblem(`Lab ${request.name} is already running`);
    report({ kind: 'step', text: 'Starting' });
    report({ kind: 'ready', text: 'Up' });
    const summary = summaryOf(request.name);
    labs.set(request.name, summary);
    return summary;
  };
  return {
    foreground,
    kill: (name) => void labs.set(name, { ...living(name), state: 'dead' }),
    sweep: async () => sweep(),
    up: async (request, report) => up(request, report),
    run: async (request) => {
      foreground.push(request);
      return undefined as never;
    },
    down: async (name) => {
      living(name);
      labs.delete(name);
    },
    list: async () => [...labs.values()],
    access: async (name) => {
      living(name);
      return FAKE_ACCESS;
    },
    flowSockets: async (name) => {
      living(name);
      return ['/run/node-1.flows.sock', '/run/node-2.flows.sock'];
    },
    components: async (name) => {
      living(name);
      return [{ name: 'webhook', running: !stopped.has(name) }];
    },
    setComponent: async (name, component, running) => {
      living(name);
      if (component !== 'webhook') throw new LabProblem(`Unknown component ${component}`);
      if (running) stopped.delete(name);
      else stopped.add(name);
    },
  };
}

function summaryOf(name: string): LabSummary {
  return {
    name,
    state: 'running',
    pid: 42,
    startedAt: '2026-01-01T00:00:00.000Z',
    kubePort: 4001,
    ec2Port: 4002,
    kubeconfigPath: `/labs/${name}/kubeconfig`,
    logPath: `/labs/${name}/lab.log`,
  };
}
