import type { Parameters } from './parameters.ts';
import {
  flag,
  id,
  ids,
  list,
  near,
  nearby,
  own,
  some,
  type Kitchen,
  type Recipe,
} from './recipes.ts';

function regionOf({ owner }: Kitchen): string {
  return owner.split('/')[1] ?? '';
}

function newEndpoint(kitchen: Kitchen): Parameters {
  const { chance } = kitchen;
  const vpc = kitchen.ids.home(kitchen.owner, 'vpc') ?? id(kitchen, 'vpc');
  const part = (kind: string): string =>
    own(kitchen, vpc, new RegExp(`^${kind}-[0-9a-f]{17}$`), () => near(kitchen, kind));
  const isGateway = flag(kitchen);
  const service = chance.pick(isGateway ? ['s3', 'dynamodb', 'ec2'] : ['ec2', 'sts', 's3', 'x y']);
  const common = {
    VpcId: vpc,
    ServiceName: `com.amazonaws.${regionOf(kitchen)}.${service}`,
    PolicyDocument: some(kitchen, 0.1, () => '{}'),
    ClientToken: some(kitchen, 0.2, () => `token-${chance.below(30)}`),
  };
  if (isGateway)
    return {
      ...common,
      VpcEndpointType: some(kitchen, 0.5, () => 'Gateway'),
      RouteTableId: some(kitchen, 0.8, () => list(kitchen, 2, () => part('rtb'))),
    };
  return {
    ...common,
    VpcEndpointType: 'Interface',
    SubnetId: some(kitchen, 0.9, () => list(kitchen, 2, () => part('subnet'))),
    SecurityGroupId: some(kitchen, 0.5, () => list(kitchen, 2, () => part('sg'))),
    PrivateDnsEnabled: some(kitchen, 0.3, () => flag(kitchen)),
  };
}

function modifyEndpoint(kitchen: Kitchen): Parameters {
  const { chance } = kitchen;
  const changes: readonly Parameters[] = [
    { AddRouteTableId: nearby(kitchen, 'rtb') },
    { RemoveRouteTableId: nearby(kitchen, 'rtb') },
    { AddSubnetId: nearby(kitchen, 'subnet') },
    { RemoveSubnetId: nearby(kitchen, 'subnet') },
    { AddSecurityGroupId: nearby(kitchen, 'sg') },
    { RemoveSecurityGroupId: nearby(kitchen, 'sg') },
    { PolicyDocument: '{}' },
    { ResetPolicy: true },
    { PrivateDnsEnabled: flag(kitchen) },
  ];
  return { VpcEndpointId: id(kitchen, 'vpce'), ...chance.pick(changes) };
}

/** A profile by its name; those that exist are made by requests to IAM. */
function profile({ chance }: Kitchen): Parameters {
  return { IamInstanceProfile: { Name: `name-${chance.below(4)}` } };
}

/** VPC endpoints, and the profiles of instances. */
export const ENDPOINT_RECIPES: Readonly<Record<string, Recipe>> = {
  AssociateIamInstanceProfile: (k) => ({ InstanceId: near(k, 'i'), ...profile(k) }),
  CreateVpcEndpoint: newEndpoint,
  DeleteVpcEndpoints: (k) => ({ VpcEndpointId: ids(k, 'vpce', 2) }),
  DisassociateIamInstanceProfile: (k) => ({ AssociationId: id(k, 'iip-assoc') }),
  ModifyVpcEndpoint: modifyEndpoint,
  ReplaceIamInstanceProfileAssociation: (k) => ({
    AssociationId: id(k, 'iip-assoc'),
    ...profile(k),
  }),
};
