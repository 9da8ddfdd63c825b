import type { DnsEntry, State, VpcEndpoint as VpcEndpointView } from '@aws-sdk/client-ec2';
import type { VpcEndpoint } from '../../api/vpc/vpc-endpoint.ts';
import type { Place } from '../context.ts';
import { managedInterfaces } from '../managed/interfaces.ts';
import { tagList } from '../tags.ts';

/** A VPC endpoint as EC2 shows it. */
export function vpcEndpointView(place: Place, endpoint: VpcEndpoint): VpcEndpointView {
  const { metadata, spec } = endpoint;
  const { store } = place;
  return {
    VpcEndpointId: metadata.name,
    VpcEndpointType: spec.type,
    VpcId: spec.vpcId,
    ServiceName: spec.serviceName,
    // In small letters on the wire, whatever the model says.
    State: 'available' as State,
    PolicyDocument: spec.policyDocument,
    RouteTableIds: [...(spec.routeTableIds ?? [])],
    SubnetIds: [...(spec.subnetIds ?? [])],
    Groups: (spec.groupIds ?? []).map((GroupId) => ({
      GroupId,
      GroupName: store.groups.get(GroupId)?.spec.groupName,
    })),
    PrivateDnsEnabled: spec.privateDnsEnabled ?? false,
    RequesterManaged: false,
    NetworkInterfaceIds: managedInterfaces(store, metadata.name).map((each) => each.metadata.name),
    DnsEntries: spec.type === 'Interface' ? dnsEntries(place, endpoint) : [],
    CreationTimestamp: new Date(spec.createdAt),
    OwnerId: spec.account,
    Tags: tagList(spec.tags),
  };
}

function dnsEntries({ region }: Place, { metadata, spec }: VpcEndpoint): DnsEntry[] {
  const service = spec.serviceName.split('.').slice(3).reverse().join('.');
  const names = [`${metadata.name}.${service}.${region}.vpce.amazonaws.com`];
  if (spec.privateDnsEnabled) names.push(`${service}.${region}.amazonaws.com`);
  return names.map((DnsName) => ({ DnsName }));
}
