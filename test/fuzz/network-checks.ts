import { DHCP_OPTIONS } from '../../src/api/vpc/dhcp-options.ts';
import { EGRESS_ONLY_INTERNET_GATEWAYS } from '../../src/api/vpc/egress-only-internet-gateway.ts';
import { INTERNET_GATEWAYS } from '../../src/api/vpc/internet-gateway.ts';
import { KEY_PAIRS } from '../../src/api/vpc/key-pair.ts';
import { NETWORK_ACLS } from '../../src/api/vpc/network-acl.ts';
import { NETWORK_INSIGHTS_ANALYSES } from '../../src/api/vpc/network-insights-analysis.ts';
import { NETWORK_INSIGHTS_PATHS } from '../../src/api/vpc/network-insights-path.ts';
import { PREFIX_LISTS } from '../../src/api/vpc/prefix-list.ts';
import { ROUTE_TABLES } from '../../src/api/vpc/route-table.ts';
import { SUBNET_CIDR_RESERVATIONS } from '../../src/api/vpc/subnet-cidr-reservation.ts';
import { subnetCidrs, type Subnet } from '../../src/api/vpc/subnet.ts';
import { VPC_PEERING_CONNECTIONS } from '../../src/api/vpc/vpc-peering-connection.ts';
import { block, inside } from './blocks.ts';
import type { Facts } from './facts.ts';

function vpcs(facts: Facts): void {
  const tables = facts.all(ROUTE_TABLES);
  const acls = [...facts.all(NETWORK_ACLS).values()];
  const options = facts.all(DHCP_OPTIONS);
  const defaults: string[] = [];
  for (const [id, { spec }] of facts.vpcs) {
    const main = tables.get(spec.mainRouteTable?.routeTableId ?? '');
    facts.expect(main?.spec.vpcId === id, `${id} has no main route table`);
    const named = [...facts.groups.values()].filter(
      (group) => group.spec.vpcId === id && group.spec.groupName === 'default',
    );
    facts.expect(named.length === 1, `${id} has ${named.length} default groups`);
    const ownAcls = acls.filter((acl) => acl.spec.vpcId === id && acl.spec.isDefault);
    facts.expect(ownAcls.length === 1, `${id} has ${ownAcls.length} default network ACLs`);
    const dhcp = spec.dhcpOptionsId ?? 'default';
    facts.expect(dhcp === 'default' || options.has(dhcp), `${id} has DHCP options ${dhcp}`);
    facts.apart(
      `Blocks of ${id}`,
      [...spec.cidrBlocks, ...(spec.ipv6CidrBlocks ?? [])].map(({ cidr }) => cidr),
    );
    if (spec.isDefault) defaults.push(`${spec.account}/${spec.region}`);
  }
  facts.distinct('Default VPC', defaults);
}

function subnets(facts: Facts): void {
  for (const [id, subnet] of facts.subnets) checkSubnet(facts, id, subnet);
  for (const [vpcId, members] of Map.groupBy(facts.subnets.values(), ({ spec }) => spec.vpcId))
    facts.apart(`Subnets of ${vpcId}`, members.flatMap(subnetCidrs));
}

function checkSubnet(facts: Facts, id: string, subnet: Subnet): void {
  const { spec } = subnet;
  const vpc = facts.vpcs.get(spec.vpcId)?.spec;
  facts.expect(vpc !== undefined, `${id} is in ${spec.vpcId}, which is gone`);
  facts.expect(vpc?.account === spec.account, `${id} and its VPC are of different accounts`);
  const outer = [...(vpc?.cidrBlocks ?? []), ...(vpc?.ipv6CidrBlocks ?? [])];
  for (const cidr of subnetCidrs(subnet))
    facts.expect(
      outer.some((each) => inside(cidr, each.cidr)),
      `${id}: ${cidr} is outside its VPC`,
    );
  facts.expectInVpc(id, spec.vpcId, ROUTE_TABLES, spec.routeTable?.routeTableId);
  facts.expectInVpc(id, spec.vpcId, NETWORK_ACLS, spec.networkAcl?.networkAclId);
}

function gateways(facts: Facts): void {
  const attached = [...facts.all(INTERNET_GATEWAYS)].filter(
    ([, { spec }]) => spec.vpcId !== undefined,
  );
  facts.distinct(
    'Internet gateway of',
    attached.map(([, { spec }]) => spec.vpcId ?? ''),
  );
  for (const [id, { spec }] of attached) {
    facts.expect(
      facts.vpcs.has(spec.vpcId ?? ''),
      `${id} is attached to ${spec.vpcId}, which is gone`,
    );
    facts.expectInVpc(id, spec.vpcId ?? '', ROUTE_TABLES, spec.routeTable?.routeTableId);
  }
  for (const [id, { spec }] of facts.all(EGRESS_ONLY_INTERNET_GATEWAYS))
    facts.expect(facts.vpcs.has(spec.vpcId), `${id} is in ${spec.vpcId}, which is gone`);
}

function routing(facts: Facts): void {
  for (const [id, { spec }] of facts.all(ROUTE_TABLES)) {
    facts.expect(facts.vpcs.has(spec.vpcId), `${id} is in ${spec.vpcId}, which is gone`);
    facts.distinct(
      `Route of ${id}`,
      spec.routes.map(({ destination }) => destination),
    );
    for (const { destination, ...targets } of spec.routes)
      facts.expect(
        Object.values(targets).filter(Boolean).length === 1,
        `${id}: ${destination} has not one target`,
      );
  }
  for (const [id, { spec }] of facts.all(NETWORK_ACLS)) {
    facts.expect(facts.vpcs.has(spec.vpcId), `${id} is in ${spec.vpcId}, which is gone`);
    facts.distinct(
      `Entry of ${id}`,
      spec.entries.map(({ egress, ruleNumber }) => `${egress}/${ruleNumber}`),
    );
  }
  for (const [id, { spec }] of facts.all(VPC_PEERING_CONNECTIONS))
    for (const { vpcId } of [spec.requester, spec.accepter])
      if (spec.status === 'active')
        facts.expect(facts.vpcs.has(vpcId), `${id} peers ${vpcId}, which is gone`);
}

/** AWS's own lists count with a weight, not by their entries. */
function lists(facts: Facts): void {
  for (const [id, { spec }] of facts.all(PREFIX_LISTS)) {
    facts.expect(
      spec.account === 'AWS' || spec.entries.length <= spec.maxEntries,
      `${id} has too many entries`,
    );
    facts.distinct(
      `Entry of ${id}`,
      spec.entries.map(({ cidr }) => cidr),
    );
    const family = spec.addressFamily === 'IPv4' ? 4 : 6;
    facts.expect(
      spec.entries.every(({ cidr }) => block(cidr).family === family),
      `${id} mixes families`,
    );
    facts.distinct(
      `Version of ${id}`,
      spec.history.map(({ version }) => String(version)),
    );
  }
}

function reservations(facts: Facts): void {
  const reservations = facts.all(SUBNET_CIDR_RESERVATIONS);
  for (const [id, { spec }] of reservations) {
    const subnet = facts.subnets.get(spec.subnetId);
    const blocks = subnet && subnetCidrs(subnet);
    facts.expect(
      blocks?.some((outer) => inside(spec.cidr, outer)) === true,
      `${id} is outside its subnet`,
    );
  }
  for (const [id, members] of Map.groupBy(reservations.values(), ({ spec }) => spec.subnetId))
    facts.apart(
      `Reservations in ${id}`,
      members.map(({ spec }) => spec.cidr),
    );
}

function accountObjects(facts: Facts): void {
  const keys = [...facts.all(KEY_PAIRS).values()];
  facts.distinct(
    'Key pair',
    keys.map(({ spec }) => `${spec.account}/${spec.region}/${spec.keyName}`),
  );
  const paths = facts.all(NETWORK_INSIGHTS_PATHS);
  for (const [id, { spec }] of facts.all(NETWORK_INSIGHTS_ANALYSES))
    facts.expect(paths.has(spec.pathId), `${id} is of ${spec.pathId}, which is gone`);
}

/** Checks of VPCs, subnets, gateways, routing, lists. */
export const NETWORK_CHECKS = [
  vpcs,
  subnets,
  gateways,
  routing,
  lists,
  reservations,
  accountObjects,
];
