import { describe, expect, test } from 'vitest';
import { createFakeKube } from '../../src/api/client.fake.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { Resource } from '../../src/api/resource.ts';
import { VPC_OBJECT_CRDS } from '../../src/api/vpc/all.ts';
import { ELASTIC_IPS } from '../../src/api/vpc/elastic-ip.ts';
import { INSTANCES } from '../../src/api/vpc/instance.ts';
import { INTERNET_GATEWAYS } from '../../src/api/vpc/internet-gateway.ts';
import { NAT_GATEWAYS } from '../../src/api/vpc/nat-gateway.ts';
import { NETWORK_ACLS } from '../../src/api/vpc/network-acl.ts';
import { NETWORK_INTERFACES } from '../../src/api/vpc/network-interface.ts';
import { ROUTE_TABLES } from '../../src/api/vpc/route-table.ts';
import { SECURITY_GROUPS } from '../../src/api/vpc/security-group.ts';
import { SUBNETS } from '../../src/api/vpc/subnet.ts';
import { VPC_ENDPOINTS } from '../../src/api/vpc/vpc-endpoint.ts';
import { VPCS } from '../../src/api/vpc/vpc.ts';
import { createChance, seedOfRun } from '../arbitrary/chance.ts';
import { inconsistencies } from './consistency.ts';
import { printReport, problemsOf } from './report.ts';
import { fuzz, playedKube } from './run.ts';
import { createSteppedClock, openWorld, randomFrom } from './world.ts';

/** The full run is `npm run test:fuzz`: 100,000 requests. */
const REQUESTS = 10_000;
/** The rest goes through sockets. */
const OVER_HTTP = 1_000;
/** Actions that succeed in every run of this length; `npm run test:fuzz` gets all of them. */
const FEWEST_ACTIONS = 185;

test('random requests leave the store consistent', { timeout: 120_000 }, async () => {
  const report = await fuzz({
    seed: seedOfRun(),
    requests: REQUESTS,
    checkEvery: 2_500,
    overHttp: OVER_HTTP,
  });
  printReport(report);
  expect(problemsOf(report)).toEqual([]);
  expect(report.unknownParameters).toEqual([]);
  expect(report.requests).toBe(REQUESTS);
  expect(report.succeeded.size, report.missed.join()).toBeGreaterThan(FEWEST_ACTIONS);
  expect(report.codes.size).toBeGreaterThan(90);
});

type Spec = Record<string, unknown>;
type Loose = KubeObject & { readonly spec: Spec };

/** What the checker must find: a kind, and what to do to one of its objects. */
const FAULTS: readonly (readonly [string, Resource<never>, (spec: Spec) => Spec, RegExp])[] = [
  [
    'a dead subnet',
    NETWORK_INTERFACES as never,
    (s) => ({ ...s, subnetId: 'subnet-0' }),
    /is gone/,
  ],
  ['no group', NETWORK_INTERFACES as never, (s) => ({ ...s, groups: [] }), /has no group/],
  ['a dead group', NETWORK_INTERFACES as never, (s) => ({ ...s, groups: ['sg-0'] }), /wears sg-0/],
  [
    'an address outside',
    NETWORK_INTERFACES as never,
    (s) => ({ ...s, privateIps: ['192.0.2.9'] }),
    /outside its subnet/,
  ],
  ['a dead VPC', SUBNETS as never, (s) => ({ ...s, vpcId: 'vpc-0' }), /is gone/],
  ['a block outside', SUBNETS as never, (s) => ({ ...s, cidr: '192.0.2.0/24' }), /outside its VPC/],
  [
    'a missing default group',
    SECURITY_GROUPS as never,
    (s) => ({ ...s, groupName: 'x' }),
    /default/,
  ],
  [
    'a dangling rule',
    SECURITY_GROUPS as never,
    (s) => ({
      ...s,
      rules: [{ ruleId: 'sgr-1', isEgress: false, ipProtocol: '-1', referencedGroupId: 'sg-0' }],
    }),
    /names sg-0/,
  ],
  [
    'a dead main table',
    VPCS as never,
    (s) => ({ ...s, mainRouteTable: undefined }),
    /no main route table/,
  ],
  ['a moved ACL', NETWORK_ACLS as never, (s) => ({ ...s, vpcId: 'vpc-0' }), /is gone/],
  ['a moved table', ROUTE_TABLES as never, (s) => ({ ...s, vpcId: 'vpc-0' }), /is gone/],
  ['a moved instance', INSTANCES as never, (s) => ({ ...s, vpcId: 'vpc-0' }), /different VPCs/],
  ['a dead VPC', VPC_ENDPOINTS as never, (s) => ({ ...s, vpcId: 'vpc-0' }), /a VPC which is gone/],
  [
    'a lost interface',
    NAT_GATEWAYS as never,
    (s) => ({ ...s, state: 'available', networkInterfaceId: 'eni-0' }),
    /has another interface/,
  ],
  [
    'a dead owner',
    NETWORK_INTERFACES as never,
    (s) => ({ ...s, managedBy: 'nat-0' }),
    /is of nat-0, which is gone/,
  ],
  ['a lost gateway', INTERNET_GATEWAYS as never, (s) => ({ ...s, vpcId: 'vpc-0' }), /is gone/],
];

describe('the checker', async () => {
  const played = await playedKube({ seed: 7, requests: 3_000 });
  const objects = VPC_OBJECT_CRDS.flatMap(({ resource }) =>
    played.peekAll(resource as Resource<Loose>).map((object) => ({ resource, object })),
  );

  async function problemsWith(change: (object: Loose, plural: string) => Loose): Promise<string> {
    const kube = createFakeKube();
    for (const { resource, object } of objects)
      kube.seed(resource as Resource<Loose>, change(object, resource.plural));
    const clock = createSteppedClock();
    const world = await openWorld(kube, clock, randomFrom(createChance(1)), { sweeps: false });
    const problems = await inconsistencies(world, new Set());
    world.stop();
    return problems.join('\n');
  }

  test('is content with what requests made', async () => {
    expect(objects.length).toBeGreaterThan(100);
    expect(await problemsWith((object) => object)).toBe('');
  });

  test.each(FAULTS)('finds %s (%#)', async (_what, { plural }, damage, problem) => {
    const victims = objects.filter(({ resource }) => resource.plural === plural);
    const fit = victims.filter(
      ({ object }) => plural !== 'securitygroups' || object.spec['groupName'] === 'default',
    );
    const live = fit.filter(
      ({ object: { spec } }) => spec['state'] !== 'terminated' && spec['requesterManaged'] !== true,
    );
    const victim = live.at(0)?.object.metadata.name;
    expect(victim).toBeDefined();
    const found = await problemsWith((object) =>
      object.metadata.name === victim ? { ...object, spec: damage(object.spec) } : object,
    );
    expect(found).toMatch(problem);
  });

  test.each<[string, Resource<never>, string, RegExp]>([
    ['addresses', NETWORK_INTERFACES as never, 'privateIps', /overlap/],
    ['MAC addresses', NETWORK_INTERFACES as never, 'macAddress', /MAC address twice/],
    ['names', SECURITY_GROUPS as never, 'groupName', /Group name twice/],
    ['blocks', SUBNETS as never, 'cidr', /overlap/],
    ['public addresses', ELASTIC_IPS as never, 'publicIp', /Public address twice/],
  ])('finds %s handed out twice', async (_what, { plural }, field, problem) => {
    const all = objects.filter(({ resource }) => resource.plural === plural);
    const [one, two] = [...Map.groupBy(all, ({ object }) => object.spec['vpcId']).values()].find(
      (members) => members.length > 1,
    )!;
    const found = await problemsWith((object) =>
      object.metadata.name === two!.object.metadata.name
        ? { ...object, spec: { ...object.spec, [field]: one!.object.spec[field] } }
        : object,
    );
    expect(found).toMatch(problem);
  });
});
