import type { Subnet as SubnetView, Vpc as VpcView } from '@aws-sdk/client-ec2';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import type { Call } from '../context.ts';
import { tagList } from '../tags.ts';
import { zoneIdOf } from '../zones.ts';

/** Every VPC uses the same DHCP options. */
export const DEFAULT_DHCP_OPTIONS = 'dopt-00000000000000001';

/** A VPC as EC2 shows it. */
export function vpcView({ metadata, spec }: Vpc): VpcView {
  return {
    VpcId: metadata.name,
    State: 'available',
    CidrBlock: spec.cidrBlocks[0]?.cidr,
    CidrBlockAssociationSet: spec.cidrBlocks.map(({ associationId, cidr }) => ({
      AssociationId: associationId,
      CidrBlock: cidr,
      CidrBlockState: { State: 'associated' },
    })),
    Ipv6CidrBlockAssociationSet: [],
    DhcpOptionsId: DEFAULT_DHCP_OPTIONS,
    InstanceTenancy: 'default',
    IsDefault: spec.isDefault,
    OwnerId: spec.account,
    Tags: tagList(spec.tags),
  };
}

/** A subnet as EC2 shows it. */
export function subnetView(call: Call, subnet: Subnet): SubnetView {
  const { metadata, spec } = subnet;
  return {
    SubnetId: metadata.name,
    SubnetArn: `arn:aws:ec2:${call.region}:${spec.account}:subnet/${metadata.name}`,
    State: 'available',
    VpcId: spec.vpcId,
    CidrBlock: spec.cidr,
    AvailableIpAddressCount: call.store.addresses.available(subnet),
    AvailabilityZone: spec.availabilityZone,
    AvailabilityZoneId: zoneIdOf(spec.availabilityZone),
    DefaultForAz: call.store.vpcs.get(spec.vpcId)?.spec.isDefault ?? false,
    MapPublicIpOnLaunch: spec.mapPublicIpOnLaunch ?? false,
    MapCustomerOwnedIpOnLaunch: false,
    AssignIpv6AddressOnCreation: false,
    Ipv6CidrBlockAssociationSet: [],
    Ipv6Native: false,
    EnableDns64: false,
    PrivateDnsNameOptionsOnLaunch: {
      HostnameType: 'ip-name',
      EnableResourceNameDnsARecord: false,
      EnableResourceNameDnsAAAARecord: false,
    },
    OwnerId: spec.account,
    Tags: tagList(spec.tags),
  };
}
