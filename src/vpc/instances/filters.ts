import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { interfaceFilters } from '../actions/describe-interfaces.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import type { Call } from '../context.ts';
import type { FilterTable, FilterValues } from '../filters.ts';
import { interfacesOf, stateView } from '../views/instance.ts';
import { associationView } from '../public-ips/association.ts';
import { interfaceDnsName, privateDnsName } from '../views/interface.ts';
import { zoneIdOf } from '../zones.ts';
import { metadataOptionsView } from './metadata-options.ts';

type Filters<T> = Readonly<Record<string, FilterValues<T>>>;

/** The filters of DescribeInstances (spec: ec2-surface 2.4). */
export function instanceFilters(call: Call): FilterTable<Instance> {
  const all = ofInterfaces(call);
  return {
    tags: ({ spec }) => spec.tags,
    indexed: { 'vpc-id': 'vpc', 'subnet-id': 'subnet' },
    filters: {
      ...OWN_FILTERS,
      ...ofPrimary(call, {
        'private-ip-address': ({ spec }) => [spec.privateIps[0]],
        'private-dns-name': ({ spec }) => [interfaceDnsName(spec, call.region)],
        'source-dest-check': ({ spec }) => [String(spec.sourceDestCheck)],
        'ip-address': (eni) => [publicOf(call, eni)?.PublicIp],
        'dns-name': (eni) => [publicOf(call, eni)?.PublicDnsName],
        'ipv6-address': ({ spec }) => spec.ipv6Addresses ?? [],
        'instance.group-id': ({ spec }) => spec.groups,
        'instance.group-name': ({ spec }) =>
          spec.groups.map((id) => call.store.groups.get(id)?.spec.groupName),
      }),
      ...ofAll(call, all),
    },
  };
}

const OWN_FILTERS: Filters<Instance> = {
  'instance-id': ({ metadata }) => [metadata.name],
  'instance-state-name': ({ spec }) => [spec.state],
  'instance-state-code': ({ spec }) => [String(stateView(spec.state).Code)],
  'instance-type': ({ spec }) => [spec.instanceType],
  'availability-zone': ({ spec }) => [spec.availabilityZone],
  'availability-zone-id': ({ spec }) => [spec.availabilityZone && zoneIdOf(spec.availabilityZone)],
  'vpc-id': ({ spec }) => [spec.vpcId],
  'subnet-id': ({ spec }) => [spec.subnetId],
  'image-id': ({ spec }) => [spec.imageId],
  'key-name': ({ spec }) => [spec.keyName],
  'owner-id': ({ spec }) => [spec.account],
  'reservation-id': ({ spec }) => [spec.reservationId],
  'client-token': ({ spec }) => [spec.clientToken],
  'launch-time': ({ spec }) => [spec.launchTime],
  'launch-index': ({ spec }) => [String(spec.launchIndex ?? 0)],
  'state-reason-code': ({ spec }) => [spec.stateReason],
  'iam-instance-profile.arn': ({ spec }) => [spec.iamInstanceProfileArn],
  'root-device-type': () => ['ebs'],
  'root-device-name': () => ['/dev/xvda'],
  'virtualization-type': () => ['hvm'],
  architecture: () => ['x86_64'],
  hypervisor: ({ spec }) => [instanceLimits(spec.instanceType)?.hypervisor],
  'metadata-options.http-endpoint': (each) => [metadataOptionsView(each).HttpEndpoint],
  'metadata-options.http-tokens': (each) => [metadataOptionsView(each).HttpTokens],
  'metadata-options.http-put-response-hop-limit': (each) => [
    metadataOptionsView(each).HttpPutResponseHopLimit?.toString(),
  ],
};

function publicOf(call: Call, eni: NetworkInterface): ReturnType<typeof associationView> {
  return associationView(call, eni, eni.spec.privateIps[0]);
}

/** Those of DescribeNetworkInterfaces, and the few that have other names here. */
function ofInterfaces(call: Call): Filters<NetworkInterface> {
  const { filters, tags } = interfaceFilters(call);
  return {
    ...filters,
    'ipv6-address': ({ spec }) => spec.ipv6Addresses ?? [],
    'addresses.private-dns-name': ({ spec }) =>
      spec.privateIps.map((address) => privateDnsName(address, call.region)),
    'tag-key': (eni) => Object.keys(tags?.(eni) ?? {}),
    'tag-value': (eni) => Object.values(tags?.(eni) ?? {}),
  };
}

function ofPrimary(call: Call, filters: Filters<NetworkInterface>): Filters<Instance> {
  return mapped(filters, ({ metadata }) => interfacesOf(call, metadata.name).slice(0, 1));
}

function ofAll(call: Call, filters: Filters<NetworkInterface>): Filters<Instance> {
  const named = Object.entries(filters).map(([name, read]) => [`network-interface.${name}`, read]);
  return mapped(Object.fromEntries(named), ({ metadata }) => interfacesOf(call, metadata.name));
}

function mapped(
  filters: Filters<NetworkInterface>,
  select: (instance: Instance) => readonly NetworkInterface[],
): Filters<Instance> {
  return Object.fromEntries(
    Object.entries(filters).map(([name, read]) => [
      name,
      (instance: Instance) => select(instance).flatMap(read),
    ]),
  );
}
