import { err, ok, type Result } from '../../../../base/result.ts';

type Json = Readonly<Record<string, unknown>>;

/** A network configuration list (CNI specification, section 1). */
export interface CniConfigList {
  readonly name: string;
  readonly cniVersion: string;
  readonly plugins: readonly CniPluginConfig[];
}

/** Configuration of one plugin of the list. */
export interface CniPluginConfig extends Json {
  readonly type: string;
  readonly capabilities?: Readonly<Record<string, boolean>>;
}

/** Version of lists that name none. */
const DEFAULT_VERSION = '0.2.0';

/** Which file of the folder counts: the first by name, as for container runtimes. */
export function chooseConfigFile(names: readonly string[]): string | undefined {
  return names.filter((name) => /\.(conflist|conf|json)$/.test(name)).sort()[0];
}

/** Reads a list, or a single plugin's configuration as a list of one. */
export function parseCniConfig(text: string): Result<CniConfigList, string> {
  const parsed = parseObject(text);
  if (!parsed) return err('it is not a JSON object');
  const { name, cniVersion = DEFAULT_VERSION } = parsed;
  const plugins = (parsed['plugins'] ?? [parsed]) as readonly CniPluginConfig[];
  if (typeof name !== 'string' || typeof cniVersion !== 'string') return err('it has no name');
  if (!Array.isArray(plugins) || plugins.length === 0) return err('it has no plugins');
  const broken = plugins.some((plugin) => typeof plugin?.type !== 'string');
  return broken ? err('a plugin has no type') : ok({ name, cniVersion, plugins });
}

/** What is true of one invocation. */
export interface CniRuntime {
  readonly prevResult?: unknown;
  /** Values of capabilities, given to the plugins that declare them. */
  readonly capabilities: Json;
}

/** The stdin of a plugin: its configuration with name, version, capabilities and prevResult. */
export function pluginInput(
  list: CniConfigList,
  plugin: CniPluginConfig,
  runtime: CniRuntime,
): string {
  const { capabilities = {}, ...config } = plugin;
  const granted = Object.entries(runtime.capabilities).filter(([name]) => capabilities[name]);
  return JSON.stringify({
    ...config,
    name: list.name,
    cniVersion: list.cniVersion,
    ...(granted.length > 0 && { runtimeConfig: Object.fromEntries(granted) }),
    ...(runtime.prevResult !== undefined && { prevResult: runtime.prevResult }),
  });
}

/** Addresses of the result of ADD, without prefix lengths, in order. */
export function addressesOf(result: unknown): readonly string[] {
  const ips = (result as { ips?: readonly { address?: unknown }[] } | null)?.ips ?? [];
  return ips.flatMap(({ address }) =>
    typeof address === 'string' ? [address.replace(/\/\d+$/, '')] : [],
  );
}

/** What a plugin that failed says: its error object on stdout, else whatever it wrote. */
export function failureText(output: { readonly stdout: string; readonly stderr: string }): string {
  const parsed = parseObject(output.stdout);
  if (typeof parsed?.['msg'] === 'string') {
    const details = parsed['details'];
    const more = typeof details === 'string' && details !== '' ? `; ${details}` : '';
    return `${parsed['msg']}${more}`;
  }
  return output.stderr.trim() || output.stdout.trim() || 'netplugin failed with no error message';
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
