import type {
  Instance as InstanceView,
  InstanceNetworkInterface,
  InstanceNetworkInterfaceAssociation,
  InstancePrivateIpAddress,
  NetworkInterfaceAssociation,
  NetworkInterfacePrivateIpAddress,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import type { Call } from '../context.ts';
import { launchOptionsView } from '../instances/launch-options.ts';
import { interfaceStatus } from '../interfaces/status.ts';
import { metadataOptionsView } from '../instances/metadata-options.ts';
import { profileOf } from '../instances/profile.ts';
import { connectionTrackingView } from '../interfaces/connection-tracking.ts';
import { associationView } from '../public-ips/association.ts';
import { tagList } from '../tags.ts';
import { groupIdentifiers } from './group.ts';
import { addressFamilyViews, addressViews, attachmentView, interfaceDnsName } from './interface.ts';

type State = Instance['spec']['state'];

const STATE_CODES: Readonly<Record<State, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};

/** A state with its code. */
export function stateView(state: State): { Code: number; Name: State } {
  return { Code: STATE_CODES[state], Name: state };
}

/** The interfaces of an instance, by device index. */
export function interfacesOf(call: Call, instanceId: string): readonly NetworkInterface[] {
  return [...call.store.interfaces.table.by('instance', instanceId)].sort(
    (a, b) => (a.spec.attachment?.deviceIndex ?? 0) - (b.spec.attachment?.deviceIndex ?? 0),
  );
}

/**
 * An instance as EC2 shows it. Its interfaces are always listed, also when there are none, and
 * each has its type and device index: the EKS controller relies on it (spec: ec2-surface 2.1).
 */
export function instanceView(call: Call, instance: Instance): InstanceView {
  const { metadata, spec } = instance;
  const interfaces = interfacesOf(call, metadata.name);
  const zone =
    spec.availabilityZone ?? call.store.subnets.get(spec.subnetId)?.spec.availabilityZone;
  return {
    InstanceId: metadata.name,
    ImageId: spec.imageId,
    InstanceType: spec.instanceType as InstanceView['InstanceType'] & string,
    State: stateView(spec.state),
    LaunchTime: new Date(spec.launchTime),
    ...launchOptionsView(spec, zone),
    AmiLaunchIndex: spec.launchIndex ?? 0,
    Architecture: 'x86_64',
    RootDeviceType: 'ebs',
    RootDeviceName: '/dev/xvda',
    VirtualizationType: 'hvm',
    Hypervisor:
      instanceLimits(spec.instanceType)?.hypervisor === 'nitro' ? ('nitro' as 'xen') : 'xen',
    EbsOptimized: spec.ebsOptimized ?? false,
    KeyName: spec.keyName,
    MetadataOptions: metadataOptionsView(instance),
    BlockDeviceMappings: [],
    ProductCodes: [],
    ClientToken: spec.clientToken,
    IamInstanceProfile: profileOf(call, spec.iamInstanceProfileArn),
    NetworkInterfaces: interfaces.map((eni) => instanceInterfaceView(call, eni)),
    Tags: tagList(spec.tags),
    ...networkFields(call, instance, interfaces[0]),
  };
}

/** A terminated instance has no place in the network any more. */
function networkFields(
  call: Call,
  { spec }: Instance,
  primary: NetworkInterface | undefined,
): InstanceView {
  if (spec.state === 'terminated') return { SecurityGroups: [], ...transitionFields(spec) };
  const address = primary?.spec.privateIps[0];
  return {
    VpcId: spec.vpcId,
    SubnetId: spec.subnetId,
    PrivateIpAddress: address,
    PrivateDnsName: (primary && interfaceDnsName(primary.spec, call.region)) ?? '',
    Ipv6Address: primary?.spec.ipv6Addresses?.[0],
    ...publicFields(call, primary),
    SourceDestCheck: primary?.spec.sourceDestCheck,
    SecurityGroups: groupIdentifiers(call, primary?.spec.groups ?? []),
    ...transitionFields(spec),
  };
}

function publicFields(
  call: Call,
  primary: NetworkInterface | undefined,
): Pick<InstanceView, 'PublicDnsName' | 'PublicIpAddress'> {
  const open = primary && associationView(call, primary, primary.spec.privateIps[0]);
  return { PublicIpAddress: open?.PublicIp, PublicDnsName: open?.PublicDnsName ?? '' };
}

/** Why an instance does not run. */
function transitionFields({
  stateReason,
  stateChangedAt,
}: Instance['spec']): Pick<InstanceView, 'StateTransitionReason' | 'StateReason'> {
  if (stateReason === undefined) return { StateTransitionReason: '' };
  const at = (stateChangedAt ?? '').replace('T', ' ').replace(/\..*$/, ' GMT');
  return {
    StateTransitionReason: `User initiated (${at})`,
    StateReason: { Code: stateReason, Message: `${stateReason}: User initiated shutdown` },
  };
}

/** Instances show less of an association than interfaces do. */
function instanceAssociation(
  association: NetworkInterfaceAssociation | undefined,
): InstanceNetworkInterfaceAssociation | undefined {
  if (association === undefined) return undefined;
  const { IpOwnerId, PublicDnsName, PublicIp } = association;
  return { IpOwnerId, PublicDnsName, PublicIp };
}

function withOwnAssociation({
  Association: association,
  ...address
}: NetworkInterfacePrivateIpAddress): InstancePrivateIpAddress {
  return { ...address, Association: instanceAssociation(association) };
}

function instanceInterfaceView(call: Call, eni: NetworkInterface): InstanceNetworkInterface {
  const { metadata, spec } = eni;
  const attachment = spec.attachment && attachmentView(spec.attachment, spec.account);
  return {
    NetworkInterfaceId: metadata.name,
    InterfaceType: spec.interfaceType,
    Status: interfaceStatus(eni),
    Attachment: attachment && {
      AttachmentId: attachment.AttachmentId,
      AttachTime: attachment.AttachTime,
      DeleteOnTermination: attachment.DeleteOnTermination,
      DeviceIndex: attachment.DeviceIndex,
      NetworkCardIndex: attachment.NetworkCardIndex,
      Status: attachment.Status,
    },
    Description: spec.description,
    Groups: groupIdentifiers(call, spec.groups),
    MacAddress: spec.macAddress,
    OwnerId: spec.account,
    PrivateIpAddress: spec.privateIps[0],
    PrivateDnsName: interfaceDnsName(spec, call.region),
    PrivateIpAddresses: addressViews(call, eni).map(withOwnAssociation),
    Association: instanceAssociation(associationView(call, eni, spec.privateIps[0])),
    ...addressFamilyViews(eni),
    ConnectionTrackingConfiguration: connectionTrackingView(spec),
    SourceDestCheck: spec.sourceDestCheck,
    SubnetId: spec.subnetId,
    VpcId: spec.vpcId,
  };
}
