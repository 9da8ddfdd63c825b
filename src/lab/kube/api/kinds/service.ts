import {
  at,
  childOf,
  fieldsOf,
  isFields,
  listOf,
  numberAt,
  setDefault,
  textAt,
  type Fields,
} from '../../../../base/json.ts';
import type { ApiObject } from '../object.ts';
import type { Behaviour, BehaviourContext } from '../registry/kind.ts';
import { invalidValue, notSupported, required, type FieldProblem } from '../status.ts';
import { immutableProblem } from './metadata.ts';
import { assert } from '../../../../base/assert.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
/** Service addresses are 10.100.0.0/16 as on EKS; the first ten are for fixed services. */
const ADDRESS_FIRST = 10;
const ADDRESS_COUNT = 65_534;
const NODE_PORT_FIRST = 30_000;
const NODE_PORT_COUNT = 2768;

/** Rules of Services: defaults, cluster addresses and node ports. */
export const SERVICE: Behaviour = {
  defaults: (service) => {
    const spec = childOf(service, 'spec');
    setDefault(spec, 'type', 'ClusterIP');
    setDefault(spec, 'sessionAffinity', 'None');
    if (spec['type'] !== 'ExternalName') setDefault(spec, 'internalTrafficPolicy', 'Cluster');
    if (hasNodePorts(spec)) setDefault(spec, 'externalTrafficPolicy', 'Cluster');
    if (spec['type'] === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
    for (const port of listOf(spec['ports']).filter(isFields)) {
      setDefault(port, 'protocol', 'TCP');
      setDefault(port, 'targetPort', port['port']);
    }
  },
  prepareCreate: (service, context) => {
    service['status'] = { loadBalancer: {} };
    allocate(service, context);
  },
  prepareUpdate: (service, before, context) => {
    const spec = childOf(service, 'spec');
    for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
      setDefault(spec, field, at(before, 'spec', field));
    }
    keepNodePorts(spec, fieldsOf(before['spec']));
    allocate(service, context);
  },
  validate: (service, before) => serviceProblems(service, before),
};

function hasNodePorts(spec: Fields): boolean {
  return spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
}

function keepNodePorts(spec: Fields, before: Fields): void {
  if (!hasNodePorts(spec)) return;
  for (const port of listOf(spec['ports']).filter(isFields)) {
    const same = listOf(before['ports']).find(
      (old) =>
        numberAt(old, 'port') === port['port'] && textAt(old, 'protocol') === port['protocol'],
    );
    setDefault(port, 'nodePort', at(same, 'nodePort'));
  }
}

function allocate(service: ApiObject, context: BehaviourContext): void {
  const spec = childOf(service, 'spec');
  if (spec['type'] === 'ExternalName') return;
  const others = context.store
    .list('services')
    .filter(({ metadata }) => metadata.uid !== service.metadata.uid);
  if (!spec['clusterIP']) {
    const used = new Set(others.map((other) => textAt(other, 'spec', 'clusterIP')));
    spec['clusterIP'] = freeAddress(used, context);
  }
  setDefault(spec, 'clusterIPs', [spec['clusterIP']]);
  setDefault(spec, 'ipFamilies', ['IPv4']);
  setDefault(spec, 'ipFamilyPolicy', 'SingleStack');
  if (hasNodePorts(spec)) allocateNodePorts(spec, others, context);
}

function allocateNodePorts(
  spec: Fields,
  others: readonly ApiObject[],
  context: BehaviourContext,
): void {
  const ports = listOf(spec['ports']).filter(isFields);
  const used = new Set(
    [...others.flatMap((other) => listOf(at(other, 'spec', 'ports'))), ...ports].map((port) =>
      numberAt(port, 'nodePort'),
    ),
  );
  for (const port of ports) {
    if (port['nodePort']) continue;
    const chosen = freeNumber(NODE_PORT_FIRST, NODE_PORT_COUNT, context, (n) => used.has(n));
    used.add(chosen);
    port['nodePort'] = chosen;
  }
}

function freeAddress(used: ReadonlySet<string>, context: BehaviourContext): string {
  const text = (n: number): string => `10.100.${n >> 8}.${n & 255}`;
  return text(
    freeNumber(ADDRESS_FIRST, ADDRESS_COUNT - ADDRESS_FIRST, context, (n) => used.has(text(n))),
  );
}

function freeNumber(
  first: number,
  count: number,
  context: BehaviourContext,
  taken: (candidate: number) => boolean,
): number {
  const [high = 0, low = 0] = context.random.bytes(2);
  const start = (high * 256 + low) % count;
  for (let step = 0; step < count; step += 1) {
    const candidate = first + ((start + step) % count);
    if (!taken(candidate)) return candidate;
  }
  assert(false, () => `All of the ${count} values from ${first} are taken`);
  return first;
}

function serviceProblems(service: ApiObject, before: ApiObject | undefined): FieldProblem[] {
  const spec = fieldsOf(service['spec']);
  const type = String(spec['type']);
  const ports = listOf(spec['ports']);
  const headless = spec['clusterIP'] === 'None' || type === 'ExternalName';
  const oldAddress = textAt(before, 'spec', 'clusterIP');
  return [
    ...(TYPES.includes(type) ? [] : [notSupported('spec.type', type, TYPES)]),
    ...(ports.length === 0 && !headless ? [required('spec.ports')] : []),
    ...ports.flatMap((port, index) => portProblems(port, `spec.ports[${index}]`, ports.length)),
    ...(oldAddress !== '' && textAt(before, 'spec', 'type') !== 'ExternalName'
      ? immutableProblem('spec.clusterIP', spec['clusterIP'], oldAddress)
      : []),
  ];
}

function portProblems(port: unknown, path: string, count: number): FieldProblem[] {
  const { port: number, protocol } = fieldsOf(port);
  const inRange = typeof number === 'number' && number >= 1 && number <= 65_535;
  return [
    ...(count > 1 && textAt(port, 'name') === '' ? [required(`${path}.name`)] : []),
    ...(inRange
      ? []
      : [invalidValue(`${path}.port`, number ?? 0, 'must be between 1 and 65535, inclusive')]),
    ...(PROTOCOLS.includes(String(protocol))
      ? []
      : [notSupported(`${path}.protocol`, protocol, PROTOCOLS)]),
  ];
}
