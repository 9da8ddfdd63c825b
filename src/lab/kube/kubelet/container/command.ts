import type { Container, Pod } from '../../../../api/core/pod.ts';
import { ECHO_PORTS, HOST_ALIASES, type Program } from '../../../images/programs.ts';
import { programOfImage } from '../../../images/table.ts';
import { expand } from './environment.ts';

/** PATH of the machine's own programs, after the lab's tools. */
const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Port of an echo server whose container declares none. */
const DEFAULT_PORT = 8080;
/** Variable that marks every process of a container. */
export const CONTAINER_MARK = 'TRUNKLINE_CONTAINER_ID';

/** What a container runs. */
export interface Launch {
  /** The whole command line, or a program of ours. */
  readonly command: readonly string[] | Program;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Continues "Image x is not pulled in the lab: runs ...". */
  readonly says: string;
}

/** What is known when a container starts. */
export interface LaunchFacts {
  readonly containerId: string;
  readonly toolsFolder: string;
  /** Resolved variables of the spec. */
  readonly variables: Readonly<Record<string, string>>;
}

/** The command line and the whole environment of a container; nothing of the lab's is inherited. */
export function launchOf(pod: Pod, container: Container, facts: LaunchFacts): Launch {
  const variables = new Map(Object.entries(facts.variables));
  const words = (all: readonly string[] = []) => all.map((word) => expand(word, variables));
  const own = words(container.command);
  const image = programOfImage(container.image ?? '');
  const args = words(container.args);
  const line = own.length > 0 ? [...own, ...args] : image.runsArguments === true ? args : [];
  const shown = own.length > 0 ? own : line;
  return {
    // Arguments without a command are for the image's entry point, which is not here.
    command: line.length > 0 ? line : image.command,
    env: {
      ...baseEnvironment(pod, container, facts),
      ...facts.variables,
      [CONTAINER_MARK]: facts.containerId,
    },
    cwd: container.workingDir ?? '/',
    says: line.length > 0 ? `"${shown.join(' ')}" of this machine` : image.says,
  };
}

function baseEnvironment(pod: Pod, container: Container, facts: LaunchFacts) {
  const { name, namespace = 'default' } = pod.metadata;
  const ports = (container.ports ?? [])
    .filter(({ protocol = 'TCP' }) => protocol === 'TCP')
    .map(({ containerPort }) => containerPort);
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames = [] }) =>
    [ip, ...hostnames].join(' '),
  );
  return {
    PATH: `${facts.toolsFolder}:${SYSTEM_PATH}`,
    HOME: '/root',
    HOSTNAME: name,
    TRUNKLINE_POD_NAMESPACE: namespace,
    [ECHO_PORTS]: (ports.length > 0 ? ports : [DEFAULT_PORT]).join(','),
    ...(aliases.length > 0 && { [HOST_ALIASES]: aliases.join(';') }),
  };
}
