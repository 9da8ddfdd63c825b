import type { ConfigMap } from '../../../../api/core/config-map.ts';
import type { Container, EnvVar, Pod } from '../../../../api/core/pod.ts';
import type { Secret } from '../../../../api/core/secret.ts';
import { err, ok, type Result } from '../../../../base/result.ts';

/** What the environment of a container may refer to, by name within the pod's namespace. */
export interface EnvironmentSources {
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
  readonly podIp: string;
  readonly hostIp: string;
}

interface KeyRef {
  readonly name?: string;
  readonly key: string;
  readonly optional?: boolean;
}

interface ValueFrom {
  readonly fieldRef?: { readonly fieldPath: string };
  readonly configMapKeyRef?: KeyRef;
  readonly secretKeyRef?: KeyRef;
  readonly resourceFieldRef?: { readonly resource: string };
}

/** Names of the ConfigMaps and Secrets that the environment of the container reads. */
export function referencedNames(container: Container): {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
} {
  const froms = (container.env ?? []).map(({ valueFrom }) => (valueFrom ?? {}) as ValueFrom);
  const whole = container.envFrom ?? [];
  const names = (all: readonly (string | undefined)[]): readonly string[] => [
    ...new Set(all.filter((name) => name !== undefined)),
  ];
  return {
    configMaps: names([
      ...froms.map((from) => from.configMapKeyRef?.name),
      ...whole.map((from) => from.configMapRef?.name),
    ]),
    secrets: names([
      ...froms.map((from) => from.secretKeyRef?.name),
      ...whole.map((from) => from.secretRef?.name),
    ]),
  };
}

/** The variables of a container, or why it cannot be configured. */
export function resolveEnvironment(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
): Result<Readonly<Record<string, string>>, string> {
  const result = new Map<string, string>();
  for (const from of container.envFrom ?? []) {
    const data = wholeSource(from, sources);
    if (!data.ok) return data;
    for (const [key, value] of data.value) result.set(`${from.prefix ?? ''}${key}`, value);
  }
  for (const variable of container.env ?? []) {
    const value = resolveVariable(pod, variable, sources);
    if (!value.ok) return value;
    if (value.value !== undefined) result.set(variable.name, expand(value.value, result));
  }
  return ok(Object.fromEntries(result));
}

/** Replaces `$(NAME)` by variables defined before; `$$(NAME)` stands for itself. */
export function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([A-Za-z_][\w.-]*)\))/g, (whole, _inner, name?: string) => {
    if (name === undefined) return '$';
    return variables.get(name) ?? whole;
  });
}

function wholeSource(
  from: NonNullable<Container['envFrom']>[number],
  sources: EnvironmentSources,
): Result<readonly (readonly [string, string])[], string> {
  const ref = from.configMapRef ?? from.secretRef;
  const kind = from.configMapRef ? 'configmap' : 'secret';
  const data = dataOf(kind, ref?.name ?? '', sources);
  if (data) return ok(Object.entries(data));
  return ref?.optional === true ? ok([]) : err(`${kind} "${ref?.name}" not found`);
}

function resolveVariable(
  pod: Pod,
  { value, valueFrom }: EnvVar,
  sources: EnvironmentSources,
): Result<string | undefined, string> {
  if (valueFrom === undefined) return ok(value ?? '');
  const from = valueFrom as ValueFrom;
  if (from.fieldRef) return fieldValue(pod, from.fieldRef.fieldPath, sources);
  if (from.configMapKeyRef) return keyValue('configmap', from.configMapKeyRef, sources);
  if (from.secretKeyRef) return keyValue('secret', from.secretKeyRef, sources);
  return err('the lab does not resolve resourceFieldRef');
}

function keyValue(
  kind: 'configmap' | 'secret',
  { name = '', key, optional }: KeyRef,
  sources: EnvironmentSources,
): Result<string | undefined, string> {
  const data = dataOf(kind, name, sources);
  const value = data?.[key];
  if (value !== undefined || optional === true) return ok(value);
  return err(data ? `couldn't find key ${key} in ${kind} ${name}` : `${kind} "${name}" not found`);
}

function dataOf(kind: 'configmap' | 'secret', name: string, sources: EnvironmentSources) {
  if (kind === 'configmap') {
    const map = sources.configMaps.get(name);
    return map && (map.data ?? {});
  }
  const secret = sources.secrets.get(name);
  if (!secret) return undefined;
  const decode = (text: string): string => new TextDecoder().decode(bytesOfBase64(text));
  return Object.fromEntries(
    Object.entries(secret.data ?? {}).map(([key, text]) => [key, decode(text)]),
  );
}

function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.codePointAt(0) ?? 0);
}

function fieldValue(
  pod: Pod,
  path: string,
  { podIp, hostIp }: EnvironmentSources,
): Result<string, string> {
  const keyed = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path);
  if (keyed) return ok(pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? '');
  const fields: Readonly<Record<string, string | undefined>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? 'default',
    'status.podIP': podIp,
    'status.podIPs': podIp,
    'status.hostIP': hostIp,
    'status.hostIPs': hostIp,
  };
  const value = fields[path];
  return value === undefined ? err(`unsupported fieldPath: ${path}`) : ok(value);
}
