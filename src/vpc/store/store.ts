import type { KubeClient } from '../../api/client.ts';
import type { Informers } from '../../api/informer.ts';
import type { KubeObject } from '../../api/meta.ts';
import { interfaceLabels } from '../../api/vpc/slices/slice-of.ts';
import { EKS_CLUSTERS, type EksCluster } from '../../api/vpc/eks-cluster.ts';
import { INSTANCES, type Instance } from '../../api/vpc/instance.ts';
import { NETWORK_INTERFACES, type NetworkInterface } from '../../api/vpc/network-interface.ts';
import { SECURITY_GROUPS, type SecurityGroup } from '../../api/vpc/security-group.ts';
import { SUBNETS, type Subnet } from '../../api/vpc/subnet.ts';
import { VPCS, type Vpc } from '../../api/vpc/vpc.ts';
import type { Clock } from '../../base/clock.ts';
import { ID_KINDS } from '../../ec2/id-kinds.ts';
import { createIamStore, iamCollections, type IamStore } from '../iam/iam-store.ts';
import { interfaceStatus } from '../interfaces/status.ts';
import { AddressPool } from './address-pool.ts';
import { addressKeys, blockKeys } from './address-space.ts';
import { Collection } from './collection.ts';
import { reservedBlocks } from './kept-back.ts';
import { present, tagKeys } from './keys.ts';
import { Locks } from './locks.ts';
import { collectionsOver } from './make-collection.ts';
import { createNetworkStore, type NetworkStore } from './network-store.ts';
import { createPolicyStore, type PolicyStore } from './policy-store.ts';

/**
 * The state of the VPC API: objects in Kubernetes, read from memory (DESIGN: D3). One process
 * writes. Everything in memory can be rebuilt from Kubernetes.
 */
export interface Store extends NetworkStore, PolicyStore {
  readonly vpcs: Collection<Vpc>;
  readonly subnets: Collection<Subnet>;
  readonly groups: Collection<SecurityGroup>;
  readonly interfaces: Collection<NetworkInterface>;
  readonly instances: Collection<Instance>;
  readonly clusters: Collection<EksCluster>;
  readonly iam: IamStore;
  readonly addresses: AddressPool;
  readonly locks: Locks;
}

/** Builds the store; call `followStore` before reading from it. */
export function createStore({ kube, clock }: { kube: KubeClient; clock: Clock }): Store {
  const make = collectionsOver(kube);
  const network = createNetworkStore(make);
  const interfaces = make(
    NETWORK_INTERFACES,
    ID_KINDS.interface,
    INTERFACE_INDEXES,
    interfaceLabels,
  );
  return {
    ...network,
    ...createPolicyStore(make),
    vpcs: make(VPCS, ID_KINDS.vpc, VPC_INDEXES),
    subnets: make(SUBNETS, ID_KINDS.subnet, SUBNET_INDEXES),
    groups: make(SECURITY_GROUPS, ID_KINDS.group, GROUP_INDEXES),
    interfaces,
    instances: make(INSTANCES, ID_KINDS.instance, {
      vpc: ({ spec }) => [spec.vpcId],
      subnet: ({ spec }) => [spec.subnetId],
      tag: tagKeys,
    }),
    clusters: make(EKS_CLUSTERS, ID_KINDS.cluster, {}),
    iam: createIamStore(make),
    addresses: new AddressPool({
      interfaces: interfaces.table,
      clock,
      keptBack: reservedBlocks(network.cidrReservations.table),
    }),
    locks: new Locks(),
  };
}

/** Loads everything that exists and keeps following changes; answers how to stop. */
export async function followStore(store: Store, informers: Informers): Promise<() => void> {
  const stops = await Promise.all(
    collectionsOf(store).map((collection) => collection.follow(informers)),
  );
  return () => {
    for (const stop of stops) stop();
  };
}

/** Every collection, those of IAM too. */
export function collectionsOf(store: Store): readonly Collection<KubeObject>[] {
  return [...ec2CollectionsOf(store), ...iamCollections(store.iam)];
}

/** Every collection of objects that have EC2 ids and tags. */
export function ec2CollectionsOf(store: Store): readonly Collection<KubeObject>[] {
  return Object.values(store).filter((part) => part instanceof Collection);
}

const VPC_INDEXES = {
  dhcpOptions: ({ spec }: Vpc) => present(spec.dhcpOptionsId),
  routeTable: ({ spec }: Vpc) => present(spec.mainRouteTable?.routeTableId),
  association: ({ spec }: Vpc) =>
    present(
      spec.mainRouteTable?.associationId,
      ...[...spec.cidrBlocks, ...(spec.ipv6CidrBlocks ?? [])].map((each) => each.associationId),
    ),
  tag: tagKeys,
};

const SUBNET_INDEXES = {
  vpc: ({ spec }: Subnet) => [spec.vpcId],
  routeTable: ({ spec }: Subnet) => present(spec.routeTable?.routeTableId),
  networkAcl: ({ spec }: Subnet) => present(spec.networkAcl?.networkAclId),
  association: ({ spec }: Subnet) =>
    present(
      spec.routeTable?.associationId,
      spec.networkAcl?.associationId,
      ...(spec.ipv6CidrBlocks ?? []).map((each) => each.associationId),
    ),
  tag: tagKeys,
};

const INTERFACE_INDEXES = {
  vpc: ({ spec }: NetworkInterface) => [spec.vpcId],
  status: (eni: NetworkInterface) => [interfaceStatus(eni)],
  subnet: ({ spec }: NetworkInterface) => [spec.subnetId],
  group: ({ spec }: NetworkInterface) => spec.groups,
  instance: ({ spec }: NetworkInterface) => present(spec.attachment?.instanceId),
  attachment: ({ spec }: NetworkInterface) => present(spec.attachment?.attachmentId),
  managedBy: ({ spec }: NetworkInterface) => present(spec.managedBy),
  trunk: ({ spec }: NetworkInterface) => present(spec.trunkAssociation?.trunkInterfaceId),
  association: ({ spec }: NetworkInterface) => present(spec.trunkAssociation?.associationId),
  permission: ({ spec }: NetworkInterface) =>
    (spec.permissions ?? []).map((each) => each.permissionId),
  address: addressKeys,
  block: blockKeys,
  /** Whatever the VPC; for filters. */
  ip: ({ spec }: NetworkInterface) => spec.privateIps,
  publicIp: ({ spec }: NetworkInterface) => present(spec.publicIp),
  mac: ({ spec }: NetworkInterface) => [spec.macAddress],
  tag: tagKeys,
};

const GROUP_INDEXES = {
  vpc: ({ spec }: SecurityGroup) => [spec.vpcId],
  name: ({ spec }: SecurityGroup) => [`${spec.vpcId}/${spec.groupName}`],
  /** Whatever the VPC; for filters. */
  groupName: ({ spec }: SecurityGroup) => [spec.groupName],
  reference: ({ spec }: SecurityGroup) =>
    present(...spec.rules.map((rule) => rule.referencedGroupId)),
  prefixList: ({ spec }: SecurityGroup) => present(...spec.rules.map((rule) => rule.prefixListId)),
  associatedVpc: ({ spec }: SecurityGroup) => spec.associatedVpcIds ?? [],
  rule: ({ spec }: SecurityGroup) => spec.rules.map((rule) => rule.ruleId),
  tag: tagKeys,
};
