import { CniError } from './errors.ts';
import { atLeast, CNI_VERSIONS } from './version.ts';
import type { AgentCommand, AgentRequest, CniConfig } from './wire.ts';

/** Environment of a CNI call; the plugin reads nothing but `CNI_*` from it. */
export type CniEnvironment = Readonly<Record<string, string | undefined>>;

/** Variables that each verb needs (CNI specification 1.1.0, section 2). */
const REQUIRED: Readonly<Record<AgentCommand, readonly string[]>> = {
  ADD: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  DEL: ['CNI_CONTAINERID', 'CNI_IFNAME'],
  CHECK: ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'],
  GC: [],
  STATUS: [],
};

/** First specification version that has the verb. */
const SINCE: Readonly<Record<AgentCommand, string>> = {
  ADD: '0.3.0',
  DEL: '0.3.0',
  CHECK: '0.4.0',
  GC: '1.1.0',
  STATUS: '1.1.0',
};

/** Turns environment and stdin into a request; throws CniError. */
export function parseRequest(environment: CniEnvironment, stdin: string): AgentRequest {
  const command = parseCommand(environment['CNI_COMMAND']);
  const missing = REQUIRED[command].filter((name) => !environment[name]);
  if (missing.length > 0)
    throw new CniError(
      'invalidEnvironment',
      `required env variables ${missing.join(', ')} missing`,
    );
  const config = parseConfig(stdin);
  if (!atLeast(config.cniVersion, SINCE[command]))
    throw new CniError(
      'incompatibleVersion',
      `${command} needs CNI version ${SINCE[command]}, the config has ${config.cniVersion}`,
    );
  return {
    command,
    containerId: checked(environment['CNI_CONTAINERID'], 'CNI_CONTAINERID', CONTAINER_ID),
    netns: environment['CNI_NETNS'] ?? '',
    ifName: checked(environment['CNI_IFNAME'], 'CNI_IFNAME', INTERFACE_NAME),
    args: parseArgs(environment['CNI_ARGS'] ?? ''),
    config,
  };
}

/** `A=1;B=2` as a map; pieces without `=` are dropped, as libcni does. */
export function parseArgs(text: string): Record<string, string> {
  const pairs = text.split(';').flatMap((piece) => {
    const at = piece.indexOf('=');
    return at > 0 ? [[piece.slice(0, at), piece.slice(at + 1)] as const] : [];
  });
  return Object.fromEntries(pairs);
}

const CONTAINER_ID = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
const INTERFACE_NAME = /^(?!\.{1,2}$)[^\s/:]{1,15}$/;

function checked(value: string | undefined, name: string, pattern: RegExp): string {
  if (value === undefined || value === '') return '';
  if (!pattern.test(value)) throw new CniError('invalidEnvironment', `invalid ${name} '${value}'`);
  return value;
}

function parseCommand(text: string | undefined): AgentCommand {
  if (text === undefined || text === '')
    throw new CniError('invalidEnvironment', 'required env variables CNI_COMMAND missing');
  if (!(text in REQUIRED)) throw new CniError('invalidEnvironment', `unknown CNI_COMMAND: ${text}`);
  return text as AgentCommand;
}

function parseConfig(stdin: string): CniConfig {
  const value = parseJson(stdin);
  if (typeof value !== 'object' || value === null)
    throw new CniError('decodingFailure', 'network configuration is not a JSON object');
  const config = value as Partial<CniConfig>;
  const version = config.cniVersion ?? '0.1.0';
  if (!CNI_VERSIONS.includes(version))
    throw new CniError(
      'incompatibleVersion',
      'incompatible CNI versions',
      `config is "${version}", plugin supports ${JSON.stringify(CNI_VERSIONS)}`,
    );
  for (const field of ['name', 'socketPath'] as const) {
    if (typeof config[field] !== 'string' || config[field] === '')
      throw new CniError('invalidConfig', `network configuration lacks "${field}"`);
  }
  return value as CniConfig;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CniError('decodingFailure', 'cannot parse network configuration', String(error));
  }
}
