/**
 * Writes src/lab/kube/api/generated/kube-proto.json: field numbers of the Kubernetes types that
 * kubectl sends as Protobuf. They come from the generated.proto files of two Git repositories:
 * node tools/generate-kube-schema-proto.ts <git dir of kubernetes/api> <... kubernetes/apimachinery>
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const TARGET = resolve(import.meta.dirname, '../src/lab/kube/api/generated/kube-proto.json');
const META = 'meta.v1';

const GROUPS = [
  'admissionregistration',
  'apps',
  'authentication',
  'authorization',
  'autoscaling',
  'coordination',
  'core',
  'discovery',
  'events',
  'policy',
];

/** The kinds that a client may send. */
const ROOTS = [
  'core.v1.Namespace',
  'core.v1.Node',
  'core.v1.Pod',
  'core.v1.ServiceAccount',
  'core.v1.ConfigMap',
  'core.v1.Secret',
  'core.v1.Event',
  'core.v1.Service',
  'core.v1.Endpoints',
  'core.v1.Binding',
  'events.v1.Event',
  'apps.v1.Deployment',
  'apps.v1.ReplicaSet',
  'apps.v1.DaemonSet',
  'apps.v1.ControllerRevision',
  'discovery.v1.EndpointSlice',
  'coordination.v1.Lease',
  'admissionregistration.v1.MutatingWebhookConfiguration',
  'admissionregistration.v1.ValidatingWebhookConfiguration',
  'authorization.v1.SelfSubjectAccessReview',
  'authentication.v1.SelfSubjectReview',
  'policy.v1.Eviction',
  'autoscaling.v1.Scale',
  'meta.v1.DeleteOptions',
];

/** Fields whose message is spread over its parent in JSON (`json:",inline"` in Go). */
const INLINE = new Set([
  'localObjectReference',
  'volumeSource',
  'handler',
  'ephemeralContainerCommon',
  'rule',
]);

const SCALARS: Readonly<Record<string, string>> = {
  string: 's',
  bool: 'b',
  int32: 'i',
  int64: 'i',
  bytes: 'y',
  double: 'd',
  'resource.Quantity': 'q',
  'intstr.IntOrString': 'x',
  'runtime.RawExtension': 'r',
  'meta.v1.FieldsV1': 'r',
  'meta.v1.Time': 't',
  'meta.v1.MicroTime': 'm',
};

type Fields = Record<string, readonly [string, string]>;

function show(gitDir: string, path: string): string {
  return execFileSync('git', ['-C', gitDir, 'show', `HEAD:${path}`], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** `.k8s.io.api.core.v1.PodSpec` or `PodSpec` as `core.v1.PodSpec`. */
function qualified(type: string, home: string): string {
  if (SCALARS[type] !== undefined) return type;
  const match =
    /^\.?k8s\.io\.(?:api|apimachinery\.pkg\.apis|apimachinery\.pkg\.api|apimachinery\.pkg\.util|apimachinery\.pkg)\.(.+)$/.exec(
      type,
    );
  if (match) return match[1] ?? '';
  return `${home}.${type}`;
}

function messagesOf(text: string, home: string): Map<string, Fields> {
  return new Map(
    [...text.matchAll(/^message (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name, body = '']) => [
      `${home}.${name}`,
      fieldsOfMessage(body, home),
    ]),
  );
}

function fieldsOfMessage(body: string, home: string): Fields {
  const pattern = /^\s*(optional|repeated)?\s*(?:map<string, ([\w.]+)>|([\w.]+)) (\w+) = (\d+);/gm;
  const fields: Fields = {};
  for (const [, label, mapValue, type = '', field = '', number = ''] of body.matchAll(pattern)) {
    const base = qualified(mapValue ?? type, home);
    const list = label === 'repeated' ? '[]' : '';
    const prefix = mapValue === undefined ? list : '{}';
    fields[number] = [field, inlineMark(prefix, field) + prefix + codeOf(base)];
  }
  return fields;
}

function inlineMark(prefix: string, field: string): string {
  return prefix === '' && INLINE.has(field) ? '!' : '';
}

function codeOf(type: string): string {
  return SCALARS[type] ?? `#${type}`;
}

/** All messages that the roots reach. */
function reachable(all: ReadonlyMap<string, Fields>): Record<string, Fields> {
  const used: Record<string, Fields> = {};
  const pending = [...ROOTS];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (used[next] !== undefined) continue;
    const fields = all.get(next);
    if (fields === undefined) throw new Error(`No message ${next}`);
    used[next] = fields;
    for (const [, code] of Object.values(fields)) {
      const reference = code.split('#')[1];
      if (reference !== undefined) pending.push(reference);
    }
  }
  return used;
}

function main(): void {
  const [api, machinery] = process.argv.slice(2);
  if (api === undefined || machinery === undefined) throw new Error('Two git directories, please');
  const all = new Map<string, Fields>([
    ...messagesOf(show(machinery, 'pkg/apis/meta/v1/generated.proto'), META),
    ...GROUPS.flatMap((group) => [
      ...messagesOf(show(api, `${group}/v1/generated.proto`), `${group}.v1`),
    ]),
  ]);
  const lines = Object.entries(reachable(all))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, fields]) => `${JSON.stringify(name)}:${JSON.stringify(fields)}`);
  writeFileSync(TARGET, `{\n${lines.join(',\n')}\n}\n`);
  console.log(`${lines.length} messages written to ${TARGET}`);
}

main();
