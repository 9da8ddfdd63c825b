import * as ec2 from '@aws-sdk/client-ec2';
import { afterEach, describe, expect, test } from 'vitest';
import { createFakeKube, type FakeKube } from '../../api/client.fake.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import { VPC_OBJECT_CRDS } from '../../api/vpc/all.ts';
import { DHCP_OPTIONS } from '../../api/vpc/dhcp-options.ts';
import { INTERNET_GATEWAYS } from '../../api/vpc/internet-gateway.ts';
import { NETWORK_ACLS } from '../../api/vpc/network-acl.ts';
import { ROUTE_TABLES } from '../../api/vpc/route-table.ts';
import { SECURITY_GROUPS } from '../../api/vpc/security-group.ts';
import { SUBNETS } from '../../api/vpc/subnet.ts';
import { SUBNET_CIDR_RESERVATIONS } from '../../api/vpc/subnet-cidr-reservation.ts';
import { VPCS, type Vpc } from '../../api/vpc/vpc.ts';
import { startTestApi, type TestApi } from '../testing.fake.ts';
import { zonesOf } from '../zones.ts';
import { dieAt, FAULTS, GONE, heal, isWrite } from './crash.fake.ts';

const MOST_WRITES = 16;
type Ids = Record<string, string>;
type Step = (client: ec2.EC2Client, ids: Ids) => Promise<void>;

/** Actions of several writes, and those around them; each records only what was acknowledged. */
const STEPS: Readonly<Record<string, Step>> = {
  CreateVpc: async (client, ids) => {
    const { Vpc: made } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    ids['vpc'] = made?.VpcId ?? '';
  },
  CreateDefaultVpc: async (client, ids) => {
    const { Vpc: made } = await client.send(new ec2.CreateDefaultVpcCommand({}));
    ids['defaultVpc'] = made?.VpcId ?? '';
  },
  AddIpv6: async (client, ids) => {
    const made = await client.send(
      new ec2.AssociateVpcCidrBlockCommand({
        VpcId: ids['vpc'],
        AmazonProvidedIpv6CidrBlock: true,
      }),
    );
    expect(made.Ipv6CidrBlockAssociation).toBeDefined();
  },
  CreateSubnet: async (client, ids) => {
    const { Subnet } = await client.send(
      new ec2.CreateSubnetCommand({ VpcId: ids['vpc'], CidrBlock: '10.0.0.0/24' }),
    );
    ids['subnet'] = Subnet?.SubnetId ?? '';
  },
  Reserve: async (client, ids) => {
    const made = await client.send(
      new ec2.CreateSubnetCidrReservationCommand({
        SubnetId: ids['subnet'],
        Cidr: '10.0.0.128/25',
        ReservationType: 'explicit',
      }),
    );
    ids['reservation'] = made.SubnetCidrReservation?.SubnetCidrReservationId ?? '';
  },
  CreateRouteTable: async (client, ids) => {
    const made = await client.send(new ec2.CreateRouteTableCommand({ VpcId: ids['vpc'] }));
    ids['table'] = made.RouteTable?.RouteTableId ?? '';
  },
  AssociateRouteTable: async (client, ids) => {
    await client.send(
      new ec2.AssociateRouteTableCommand({ RouteTableId: ids['table'], SubnetId: ids['subnet'] }),
    );
  },
  CreateFlowLogs: async (client, ids) => {
    const made = await client.send(
      new ec2.CreateFlowLogsCommand({
        ResourceIds: [ids['vpc'] ?? '', ids['defaultVpc'] ?? ''],
        ResourceType: 'VPC',
        TrafficType: 'ALL',
        LogDestinationType: 's3',
        LogDestination: 'arn:aws:s3:::bucket',
      }),
    );
    ids['flowLog'] = made.FlowLogIds?.[0] ?? '';
    ids['flowLog2'] = made.FlowLogIds?.[1] ?? '';
  },
  Peer: async (client, ids) => {
    const made = await client.send(
      new ec2.CreateVpcPeeringConnectionCommand({
        VpcId: ids['vpc'],
        PeerVpcId: ids['defaultVpc'],
      }),
    );
    const id = made.VpcPeeringConnection?.VpcPeeringConnectionId ?? '';
    ids['peering'] = id;
    await client.send(new ec2.DeleteVpcPeeringConnectionCommand({ VpcPeeringConnectionId: id }));
  },
  DeleteSubnet: async (client, ids) => {
    const SubnetId = ids['subnet'];
    // From here on they may be there or not.
    delete ids['subnet'];
    delete ids['reservation'];
    await client.send(new ec2.DeleteSubnetCommand({ SubnetId }));
  },
  DeleteRouteTable: async (client, ids) => {
    const RouteTableId = ids['table'];
    delete ids['table'];
    await client.send(new ec2.DeleteRouteTableCommand({ RouteTableId }));
  },
  DeleteVpc: async (client, ids) => {
    const VpcId = ids['vpc'];
    delete ids['vpc'];
    await client.send(new ec2.DeleteVpcCommand({ VpcId }));
  },
};

let running: TestApi[] = [];
afterEach(async () => {
  for (const api of running) await api.close();
  running = [];
});

async function start(kube: FakeKube): Promise<ec2.EC2Client> {
  const api = await startTestApi({ kube });
  running.push(api);
  return api.client();
}

function names<T extends KubeObject>(kube: FakeKube, resource: Resource<T>): string[] {
  return kube.peekAll(resource).map(({ metadata }) => metadata.name);
}

/** Every VPC has its parts, no part is without its VPC, nothing acknowledged is gone. */
function checkWhole(kube: FakeKube, ids: Ids): void {
  const vpcs = kube.peekAll(VPCS);
  for (const vpc of vpcs) checkVpc(kube, vpc);
  const vpcIds = names(kube, VPCS);
  const subnets = kube.peekAll(SUBNETS);
  const parts = [ROUTE_TABLES, NETWORK_ACLS, SECURITY_GROUPS].flatMap((resource) =>
    kube.peekAll(resource as typeof ROUTE_TABLES),
  );
  for (const { metadata, spec } of [...subnets, ...parts])
    expect(vpcIds, metadata.name).toContain(spec.vpcId);
  for (const { spec } of subnets) {
    expect(names(kube, NETWORK_ACLS)).toContain(spec.networkAcl?.networkAclId);
    if (spec.routeTable !== undefined)
      expect(names(kube, ROUTE_TABLES)).toContain(spec.routeTable.routeTableId);
  }
  for (const { spec } of kube.peekAll(SUBNET_CIDR_RESERVATIONS))
    expect(names(kube, SUBNETS)).toContain(spec.subnetId);
  for (const { spec } of kube.peekAll(INTERNET_GATEWAYS)) expect(vpcIds).toContain(spec.vpcId);
  const all = VPC_OBJECT_CRDS.flatMap(({ resource }) => names(kube, resource));
  for (const [what, id] of Object.entries(ids)) expect(all, what).toContain(id);
}

function checkVpc(kube: FakeKube, { metadata: { name }, spec }: Vpc): void {
  const of = <T extends KubeObject>(resource: Resource<T>): T[] =>
    kube
      .peekAll(resource)
      .filter((object) => (object as unknown as { spec: { vpcId: string } }).spec.vpcId === name);
  expect(of(SECURITY_GROUPS).filter((group) => group.spec.groupName === 'default')).toHaveLength(1);
  expect(of(NETWORK_ACLS).filter((acl) => acl.spec.isDefault)).toHaveLength(1);
  const tables = of(ROUTE_TABLES);
  expect(tables.map((each) => each.metadata.name)).toContain(spec.mainRouteTable?.routeTableId);
  expect(names(kube, DHCP_OPTIONS)).toContain(spec.dhcpOptionsId);
  if (!spec.isDefault) return;
  expect(of(SUBNETS)).toHaveLength(zonesOf(spec.region).length);
  const [gateway] = of(INTERNET_GATEWAYS);
  expect(tables[0]?.spec.routes).toEqual([
    { destination: '0.0.0.0/0', gatewayId: gateway?.metadata.name },
  ]);
}

/** Brings about what a step finds when its turn comes. */
async function prepare(name: string): Promise<{ kube: FakeKube; ids: Ids; client: ec2.EC2Client }> {
  const kube = createFakeKube();
  const ids: Ids = {};
  const client = await start(kube);
  const steps = Object.keys(STEPS);
  for (const earlier of steps.slice(0, steps.indexOf(name))) await STEPS[earlier]?.(client, ids);
  return { kube, ids, client };
}

describe.each(FAULTS)('a crash with the last write %s', (fault) => {
  test.each(Object.keys(STEPS))('in %s leaves every VPC whole', async (name) => {
    let crashes = 0;
    for (let n = 1; n <= MOST_WRITES; n++) {
      const { kube, ids, client } = await prepare(name);
      const death = dieAt(kube, n, fault);
      const failed = await STEPS[name]?.(client, ids).then(
        () => false,
        () => true,
      );
      heal(kube);
      if (!death.hit) break;
      crashes += 1;
      expect(failed).toBe(true);
      await start(kube);
      checkWhole(kube, ids);
    }
    expect(crashes).toBeGreaterThan(0);
  });
});

describe('while the server lives on', () => {
  test.each(Object.keys(STEPS).filter((name) => !name.startsWith('Delete')))(
    '%s finds out what became of its writes when each first answer is lost',
    async (name) => {
      const { kube, ids, client } = await prepare(name);
      const seen = new Set<string>();
      kube.afterCall = (call) => {
        const what = `${call.verb} ${call.resource} ${call.key?.name}`;
        if (!isWrite(call) || seen.has(what)) return;
        seen.add(what);
        throw GONE;
      };
      await STEPS[name]?.(client, ids);
      heal(kube);
      expect(seen.size).toBeGreaterThan(0);
      checkWhole(kube, ids);
    },
  );

  test('what could not be finished is seen by nobody', async () => {
    const kube = createFakeKube();
    const client = await start(kube);
    for (let n = 1; n <= 9; n++) {
      const death = dieAt(kube, n, 'stored, but the answer was lost');
      await expect(client.send(new ec2.CreateDefaultVpcCommand({}))).rejects.toBeDefined();
      expect(death.hit).toBe(true);
      heal(kube);
      const seen = await Promise.all([
        client.send(new ec2.DescribeInternetGatewaysCommand({})),
        client.send(new ec2.DescribeRouteTablesCommand({})),
        client.send(new ec2.DescribeNetworkAclsCommand({})),
        client.send(new ec2.DescribeSubnetsCommand({})),
      ]);
      const [gateways, tables, acls, subnets] = seen;
      if (names(kube, VPCS).length > 0) break;
      expect(gateways.InternetGateways).toEqual([]);
      expect(tables.RouteTables).toEqual([]);
      expect(acls.NetworkAcls).toEqual([]);
      expect(subnets.Subnets).toEqual([]);
    }
  });
});

test('concurrent CreateDefaultVpc and CreateVpc make one default VPC and keep the quota', async () => {
  const kube = createFakeKube();
  const client = await start(kube);
  const results = await Promise.allSettled([
    ...Array.from({ length: 3 }, () => client.send(new ec2.CreateDefaultVpcCommand({}))),
    ...Array.from({ length: 7 }, (_, i) =>
      client.send(new ec2.CreateVpcCommand({ CidrBlock: `10.${i}.0.0/16` })),
    ),
  ]);
  const codes = results.map((each) =>
    each.status === 'fulfilled' ? 'ok' : (each.reason as Error).name,
  );
  expect(codes.filter((code) => code === 'ok')).toHaveLength(5);
  expect(codes.filter((code) => code === 'VpcLimitExceeded').length).toBeGreaterThanOrEqual(3);
  expect(kube.peekAll(VPCS).filter(({ spec }) => spec.isDefault).length).toBeLessThanOrEqual(1);
  expect(kube.peekAll(DHCP_OPTIONS)).toHaveLength(1);
  checkWhole(kube, {});
});
