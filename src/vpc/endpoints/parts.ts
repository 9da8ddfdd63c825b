import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { VpcEndpoint } from '../../api/vpc/vpc-endpoint.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Call } from '../context.ts';
import { makeManagedInterface, managedInterfaces } from '../managed/interfaces.ts';
import { invalidValue, own } from '../own.ts';
import { managedLists } from '../prefix-lists/aws-managed.ts';

type Spec = VpcEndpoint['spec'];

/** The prefix list that routes to a gateway endpoint have as destination. */
export function prefixListOf(region: string, { serviceName }: Spec): string | undefined {
  const lists = [...managedLists(region).values()];
  return lists.find(({ spec }) => spec.listName === serviceName)?.metadata.name;
}

/** Held by whoever changes which parts the endpoints of a VPC have. */
export function endpointsLock(vpcId: string): string {
  return `vpc-endpoints:${vpcId}`;
}

/**
 * Takes a route table that is about to go out of the endpoints that name it: it is deleted whoever
 * does (https://github.com/hashicorp/terraform-provider-aws/issues/26502).
 */
export async function leaveEndpoints(
  { store }: Pick<Call, 'store'>,
  tableId: string,
): Promise<void> {
  for (const { metadata } of store.vpcEndpoints.table.by('routeTable', tableId))
    try {
      await store.vpcEndpoints.update(metadata.name, (endpoint) => {
        const routeTableIds = endpoint.spec.routeTableIds?.filter((each) => each !== tableId);
        return { ...endpoint, spec: { ...endpoint.spec, routeTableIds } } as VpcEndpoint;
      });
    } catch (error) {
      // It was deleted meanwhile.
      if (store.vpcEndpoints.get(metadata.name) !== undefined) throw error;
    }
}

/** Refuses parts of other VPCs, two subnets of one zone, and a second route to the same service. */
export function checkParts(call: Call, id: string, spec: Spec): void {
  const { vpcId } = spec;
  for (const tableId of spec.routeTableIds ?? []) {
    checkVpc(own(call, call.store.routeTables, tableId).spec.vpcId, vpcId, tableId);
    checkNoRoute(call, id, { spec, tableId });
  }
  const zones = new Set<string>();
  for (const subnetId of spec.subnetIds ?? []) {
    const subnet = own(call, call.store.subnets, subnetId).spec;
    checkVpc(subnet.vpcId, vpcId, subnetId);
    if (zones.has(subnet.availabilityZone))
      throw new Ec2Error(
        'DuplicateSubnetsInSameZone',
        `Found another VPC endpoint subnet in the availability zone of ${subnetId}`,
      );
    zones.add(subnet.availabilityZone);
  }
}

function checkVpc(actual: string, expected: string, id: string): void {
  if (actual !== expected) throw invalidValue(`${id} does not belong to the VPC ${expected}`);
}

function checkNoRoute(
  call: Call,
  id: string,
  { spec, tableId }: { readonly spec: Spec; readonly tableId: string },
): void {
  const others = call.store.vpcEndpoints.table
    .by('routeTable', tableId)
    .filter((each) => each.metadata.name !== id && each.spec.serviceName === spec.serviceName);
  if (others.length > 0)
    throw new Ec2Error(
      'RouteAlreadyExists',
      `route table ${tableId} already has a route with destination-prefix-list-id ${prefixListOf(call.region, spec)}`,
    );
}

/**
 * Makes and removes interfaces, and changes their groups, until they are as the endpoint says. When
 * one cannot be made, because its subnet has no address left, all is as before.
 */
export async function alignInterfaces(call: Call, id: string, spec: Spec): Promise<void> {
  const { interfaces } = call.store;
  const wanted = new Set(spec.type === 'Interface' ? spec.subnetIds : []);
  const groups = spec.groupIds ?? [];
  const present = managedInterfaces(call.store, id);
  const served = new Set(present.map((eni) => eni.spec.subnetId));
  await makeInterfaces(call, id, {
    subnetIds: [...wanted].filter((subnetId) => !served.has(subnetId)),
    groups,
  });
  for (const eni of present) {
    const { name } = eni.metadata;
    if (!wanted.has(eni.spec.subnetId)) await interfaces.remove(name);
    else if (eni.spec.groups.join() !== groups.join())
      await interfaces.update(name, (each) => ({ ...each, spec: { ...each.spec, groups } }));
  }
}

async function makeInterfaces(
  call: Call,
  id: string,
  {
    subnetIds,
    groups,
  }: { readonly subnetIds: readonly string[]; readonly groups: readonly string[] },
): Promise<void> {
  const made: NetworkInterface[] = [];
  try {
    for (const subnetId of subnetIds) {
      const subnet = own(call, call.store.subnets, subnetId);
      const description = `VPC Endpoint Interface ${id}`;
      const options = { ownerId: id, type: 'vpc_endpoint', description, groups } as const;
      made.push(await makeManagedInterface(call, subnet, options));
    }
  } catch (error) {
    for (const { metadata } of made) await call.store.interfaces.remove(metadata.name);
    throw error;
  }
}
