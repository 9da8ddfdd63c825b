/** A program of this folder that runs as a process of its own. */
export interface Program {
  /** File name beside this one. */
  readonly file: string;
  /** First arguments. */
  readonly args: readonly string[];
}

/** The programs, by the name of their command. */
export const PROGRAMS = {
  echo: { file: 'echo.real.ts', args: [] },
  dns: { file: 'dns.real.ts', args: [] },
  psql: { file: 'psql.real.ts', args: ['psql'] },
  'trunkline-psql': { file: 'psql.real.ts', args: ['trunkline-psql'] },
  'tcp-probe': { file: 'tcp-probe.real.ts', args: [] },
} as const satisfies Readonly<Record<string, Program>>;

/** Commands that containers find on their PATH, before those of the machine. */
export const TOOLS = ['psql', 'trunkline-psql', 'tcp-probe'] as const;

/** Variable with the ports of an echo server, separated by commas. */
export const ECHO_PORTS = 'TRUNKLINE_ECHO_PORTS';
/** Variable with the pod's `hostAliases`: `ip name name;ip name`. Read by our tools only. */
export const HOST_ALIASES = 'TRUNKLINE_HOST_ALIASES';

/** The address that the aliases give a name, or the name itself. */
export function resolveAlias(aliases: string, host: string): string {
  for (const line of aliases.split(';')) {
    const [ip, ...names] = line.trim().split(/\s+/);
    if (ip !== undefined && names.includes(host)) return ip;
  }
  return host;
}
