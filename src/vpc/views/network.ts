import type {
  Subnet as SubnetView,
  SubnetIpv6CidrBlockAssociation,
  Vpc as VpcView,
  VpcCidrBlockAssociation,
  VpcIpv6CidrBlockAssociation,
} from '@aws-sdk/client-ec2';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import type { Call } from '../context.ts';
import { tagList } from '../tags.ts';
import { zoneIdOf } from '../zones.ts';

type State = 'associating' | 'associated' | 'disassociating' | 'disassociated';

interface Block {
  readonly associationId: string;
  readonly cidr: string;
  readonly pool?: string;
}

/** A VPC as EC2 shows it. */
export function vpcView({ metadata, spec }: Vpc): VpcView {
  return {
    VpcId: metadata.name,
    State: 'available',
    CidrBlock: spec.cidrBlocks[0]?.cidr,
    CidrBlockAssociationSet: spec.cidrBlocks.map((block) => vpcBlockView(block, 'associated')),
    Ipv6CidrBlockAssociationSet: (spec.ipv6CidrBlocks ?? []).map((block) =>
      vpcIpv6BlockView(spec.region, block, 'associated'),
    ),
    DhcpOptionsId: spec.dhcpOptionsId ?? 'default',
    InstanceTenancy: spec.instanceTenancy ?? 'default',
    IsDefault: spec.isDefault,
    OwnerId: spec.account,
    Tags: tagList(spec.tags),
  };
}

/** An IPv4 block of a VPC. */
export function vpcBlockView(block: Block, state: State): VpcCidrBlockAssociation {
  return {
    AssociationId: block.associationId,
    CidrBlock: block.cidr,
    CidrBlockState: { State: state },
  };
}

/** Pool of the IPv6 blocks that are not the caller's own. */
const AMAZON_POOL = 'Amazon';

/** An IPv6 block of a VPC. */
export function vpcIpv6BlockView(
  region: string,
  { associationId, cidr, pool }: Block,
  state: State,
): VpcIpv6CidrBlockAssociation {
  return {
    AssociationId: associationId,
    Ipv6CidrBlock: cidr,
    Ipv6CidrBlockState: { State: state },
    NetworkBorderGroup: region,
    Ipv6Pool: pool ?? AMAZON_POOL,
    IpSource: pool === undefined ? 'amazon' : 'byoip',
    Ipv6AddressAttribute: 'public',
  };
}

/** The ARN of a subnet. */
export function subnetArn(call: Call, { metadata, spec }: Subnet): string {
  return `arn:aws:ec2:${call.region}:${spec.account}:subnet/${metadata.name}`;
}

/** A subnet as EC2 shows it. */
export function subnetView(call: Call, subnet: Subnet): SubnetView {
  const { metadata, spec } = subnet;
  return {
    SubnetId: metadata.name,
    SubnetArn: subnetArn(call, subnet),
    State: 'available',
    VpcId: spec.vpcId,
    CidrBlock: spec.cidr,
    AvailableIpAddressCount: call.store.addresses.available(subnet),
    AvailabilityZone: spec.availabilityZone,
    AvailabilityZoneId: zoneIdOf(spec.availabilityZone),
    DefaultForAz: spec.defaultForAz ?? false,
    MapPublicIpOnLaunch: spec.mapPublicIpOnLaunch ?? false,
    MapCustomerOwnedIpOnLaunch: false,
    AssignIpv6AddressOnCreation: spec.assignIpv6AddressOnCreation ?? false,
    Ipv6CidrBlockAssociationSet: (spec.ipv6CidrBlocks ?? []).map((block) =>
      subnetIpv6BlockView(block, 'associated'),
    ),
    Ipv6Native: spec.ipv6Native ?? false,
    EnableDns64: spec.enableDns64 ?? false,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: spec.hostnameType ?? 'ip-name',
      EnableResourceNameDnsARecord: spec.enableResourceNameDnsARecord ?? false,
      EnableResourceNameDnsAAAARecord: spec.enableResourceNameDnsAaaaRecord ?? false,
    },
    OwnerId: spec.account,
    Tags: tagList(spec.tags),
  };
}

/** An IPv6 block of a subnet. */
export function subnetIpv6BlockView(
  { associationId, cidr }: Block,
  state: State,
): SubnetIpv6CidrBlockAssociation {
  return {
    AssociationId: associationId,
    Ipv6CidrBlock: cidr,
    Ipv6CidrBlockState: { State: state },
  };
}
