import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { interfaceDnsName } from '../views/interface.ts';
import { zoneIdOf } from '../zones.ts';
import type { ImdsSource } from './source.ts';

/** A directory or a text. What is undefined is not there: clients read 404 as "none". */
export type Tree = string | undefined | { readonly [name: string]: Tree };

/** The tree below `/latest`. */
export function metadataTree(source: ImdsSource, instance: Instance): Tree {
  const interfaces = source
    .interfaces()
    .toSorted(
      (a, b) => (a.spec.attachment?.deviceIndex ?? 0) - (b.spec.attachment?.deviceIndex ?? 0),
    );
  return {
    dynamic: { 'instance-identity': { document: identityDocument(instance, interfaces[0]) } },
    'meta-data': metaData(source, instance, interfaces),
    'user-data': userData(instance),
  };
}

function metaData(
  source: ImdsSource,
  { metadata, spec }: Instance,
  interfaces: readonly NetworkInterface[],
): Tree {
  const [primary] = interfaces;
  return {
    'ami-id': spec.imageId,
    'ami-launch-index': String(spec.launchIndex ?? 0),
    iam: iamTree(source, spec),
    'instance-action': 'none',
    'instance-id': metadata.name,
    'instance-life-cycle': 'on-demand',
    'instance-type': spec.instanceType,
    network: { interfaces: { macs: macsTree(source, interfaces) } },
    placement: placementTree(zoneOf(spec, primary)),
    'reservation-id': spec.reservationId,
    services: { domain: 'amazonaws.com', partition: 'aws' },
    tags: tagsTree(spec),
    ...(primary && primaryTree(source, primary)),
  };
}

/** What the instance has from its primary interface. */
function primaryTree(source: ImdsSource, eni: NetworkInterface): Record<string, Tree> {
  const { spec } = eni;
  const name = interfaceDnsName(spec, regionOf(spec.availabilityZone));
  return {
    hostname: name,
    ipv6: spec.ipv6Addresses?.[0],
    'local-hostname': name,
    'local-ipv4': spec.privateIps[0],
    mac: spec.macAddress,
    'security-groups': lines(groupNames(source, eni)),
  };
}

function placementTree(zone: string | undefined): Tree {
  return {
    'availability-zone': zone,
    'availability-zone-id': zone && zoneIdOf(zone),
    region: regionOf(zone),
  };
}

function tagsTree({ metadataOptions, tags }: Instance['spec']): Tree {
  return metadataOptions?.instanceMetadataTags === 'enabled' ? { instance: tags ?? {} } : undefined;
}

function macsTree(source: ImdsSource, interfaces: readonly NetworkInterface[]): Tree {
  return Object.fromEntries(
    interfaces.map((eni) => [eni.spec.macAddress, interfaceTree(source, eni)]),
  );
}

function interfaceTree(source: ImdsSource, eni: NetworkInterface): Tree {
  const { metadata, spec } = eni;
  return {
    'device-number': String(spec.attachment?.deviceIndex ?? 0),
    'interface-id': metadata.name,
    'ipv4-prefix': lines(spec.ipv4Prefixes),
    'ipv6-prefix': lines(spec.ipv6Prefixes),
    ipv6s: lines(spec.ipv6Addresses),
    'local-hostname': interfaceDnsName(spec, regionOf(spec.availabilityZone)),
    'local-ipv4s': lines(spec.privateIps),
    mac: spec.macAddress,
    // Card 0 goes without saying.
    'network-card': spec.attachment?.networkCardIndex
      ? String(spec.attachment.networkCardIndex)
      : undefined,
    'owner-id': spec.account,
    'security-group-ids': lines(spec.groups),
    'security-groups': lines(groupNames(source, eni)),
    ...networkTree(source, eni),
  };
}

function networkTree(source: ImdsSource, { spec }: NetworkInterface): Record<string, Tree> {
  const subnet = source.subnet(spec.subnetId)?.spec;
  const vpc = source.vpc(spec.vpcId)?.spec;
  const cidrs = (blocks: readonly { readonly cidr: string }[] | undefined): Tree =>
    lines(blocks?.map(({ cidr }) => cidr));
  return {
    'subnet-id': spec.subnetId,
    'subnet-ipv4-cidr-block': subnet?.cidr,
    'subnet-ipv6-cidr-blocks': cidrs(subnet?.ipv6CidrBlocks),
    'vpc-id': spec.vpcId,
    'vpc-ipv4-cidr-block': vpc?.cidrBlocks[0]?.cidr,
    'vpc-ipv4-cidr-blocks': cidrs(vpc?.cidrBlocks),
    'vpc-ipv6-cidr-blocks': cidrs(vpc?.ipv6CidrBlocks),
  };
}

/** One per line; nothing when there are none. */
function lines(items: readonly string[] | undefined): string | undefined {
  return items?.length ? items.join('\n') : undefined;
}

function groupNames(source: ImdsSource, { spec }: NetworkInterface): string[] {
  return spec.groups.map((id) => source.group(id)?.spec.groupName ?? id);
}

function iamTree(source: ImdsSource, spec: Instance['spec']): Tree {
  const arn = spec.iamInstanceProfileArn;
  const keys = source.credentials?.();
  if (arn === undefined && keys === undefined) return undefined;
  return {
    info: arn && profileInfo(arn, spec.launchTime),
    'security-credentials': keys && {
      [keys.roleName]: document({
        Code: 'Success',
        LastUpdated: keys.lastUpdated,
        Type: 'AWS-HMAC',
        AccessKeyId: keys.accessKeyId,
        SecretAccessKey: keys.secretAccessKey,
        Token: keys.token,
        Expiration: keys.expiration,
      }),
    },
  };
}

function profileInfo(arn: string, launchTime: string): string {
  return document({
    Code: 'Success',
    LastUpdated: wholeSeconds(launchTime),
    InstanceProfileArn: arn,
  });
}

function identityDocument(
  { metadata, spec }: Instance,
  primary: NetworkInterface | undefined,
): string {
  const zone = zoneOf(spec, primary);
  return document({
    accountId: spec.account,
    architecture: /^[a-z]+\d+g/.test(spec.instanceType) ? 'arm64' : 'x86_64',
    availabilityZone: zone ?? null,
    billingProducts: null,
    devpayProductCodes: null,
    marketplaceProductCodes: null,
    imageId: spec.imageId,
    instanceId: metadata.name,
    instanceType: spec.instanceType,
    kernelId: null,
    pendingTime: wholeSeconds(spec.launchTime),
    privateIp: primary?.spec.privateIps[0] ?? null,
    ramdiskId: null,
    region: regionOf(zone),
    version: '2017-09-30',
  });
}

function zoneOf(spec: Instance['spec'], primary: NetworkInterface | undefined): string | undefined {
  return spec.availabilityZone ?? primary?.spec.availabilityZone;
}

function regionOf(zone: string | undefined): string {
  return zone?.replace(/[a-z]$/, '') ?? '';
}

function wholeSeconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}

function document(value: object): string {
  return JSON.stringify(value, null, 2);
}

/** RunInstances has it in base64; the instance sees the bytes. */
function userData({ spec }: Instance): string | undefined {
  return spec.userData && Buffer.from(spec.userData, 'base64').toString();
}
