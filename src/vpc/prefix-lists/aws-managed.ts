import { createHash } from 'node:crypto';
import type { PrefixList } from '../../api/vpc/prefix-list.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { checkId, ID_KINDS } from '../../ec2/id-kinds.ts';
import type { Call, Place } from '../context.ts';
import { own } from '../own.ts';

/** Who owns the lists that AWS manages. */
export const AWS_OWNER = 'AWS';

interface ManagedList {
  /** `REGION` stands for the region. */
  readonly name: string;
  /** How many rules a reference counts for. */
  readonly weight: number;
  readonly blocks: readonly string[];
}

const HEALTH_CHECKS = [
  '15.177.0.0/18',
  '54.183.255.128/26',
  '54.228.16.0/26',
  '54.232.40.64/26',
  '54.241.32.64/26',
  '54.243.31.192/26',
  '54.244.52.192/26',
  '54.245.168.0/26',
  '54.248.220.0/26',
  '54.250.253.192/26',
  '54.251.31.128/26',
  '54.252.79.128/26',
  '54.252.254.192/26',
  '54.255.254.192/26',
  '107.23.255.0/26',
  '176.34.159.192/26',
  '177.71.207.128/26',
];

/**
 * Names and weights are AWS's (VPC user guide, "AWS-managed prefix lists"). The blocks are some of
 * those that the services have in us-east-1, the same in every region: nothing of AWS is reached
 * from here.
 */
const LISTS: readonly ManagedList[] = [
  {
    name: 'com.amazonaws.REGION.s3',
    weight: 1,
    blocks: ['3.5.0.0/19', '16.182.0.0/16', '52.216.0.0/15', '54.231.0.0/16'],
  },
  {
    name: 'com.amazonaws.REGION.dynamodb',
    weight: 1,
    blocks: ['3.218.180.0/22', '52.94.0.0/22', '52.119.224.0/20'],
  },
  { name: 'com.amazonaws.REGION.ec2-instance-connect', weight: 2, blocks: ['18.206.107.24/29'] },
  {
    name: 'com.amazonaws.REGION.ipv6.ec2-instance-connect',
    weight: 2,
    blocks: ['2600:1f18:7fff:f000::/64'],
  },
  { name: 'com.amazonaws.REGION.route53-healthchecks', weight: 25, blocks: HEALTH_CHECKS },
  {
    name: 'com.amazonaws.REGION.ipv6.route53-healthchecks',
    weight: 25,
    blocks: ['2600:1f18:3fff:f800::/56', '2600:1f1c:7ff:f800::/53'],
  },
  { name: 'com.amazonaws.REGION.vpc-lattice', weight: 10, blocks: ['169.254.171.0/24'] },
  { name: 'com.amazonaws.REGION.ipv6.vpc-lattice', weight: 10, blocks: ['fd00:ec2:80::/64'] },
  {
    name: 'com.amazonaws.global.cloudfront.origin-facing',
    weight: 55,
    blocks: ['13.113.196.64/26', '18.68.0.0/16', '64.252.64.0/18', '130.176.0.0/17'],
  },
  {
    name: 'com.amazonaws.global.ipv6.cloudfront.origin-facing',
    weight: 55,
    blocks: ['2600:9000:1000::/36'],
  },
  { name: 'com.amazonaws.global.groundstation', weight: 5, blocks: ['3.2.16.0/20'] },
];

const made = new Map<string, ReadonlyMap<string, PrefixList>>();

/** The lists that AWS manages in a region, by id. */
export function managedLists(region: string): ReadonlyMap<string, PrefixList> {
  const known = made.get(region) ?? new Map(LISTS.map((list) => madeFor(region, list)));
  made.set(region, known);
  return known;
}

function madeFor(region: string, list: ManagedList): readonly [string, PrefixList] {
  const name = idOf(region, list.name);
  const spec: PrefixList['spec'] = {
    account: AWS_OWNER,
    region,
    listName: list.name.replace('REGION', region),
    addressFamily: list.blocks.some((block) => block.includes(':')) ? 'IPv6' : 'IPv4',
    maxEntries: list.weight,
    state: 'create-complete',
    version: 1,
    entries: list.blocks.map((cidr) => ({ cidr })),
    history: [],
    tags: {},
  };
  return [name, { metadata: { name }, spec }];
}

/** Unlike AWS's, ids differ between regions: all regions share one store. */
function idOf(region: string, name: string): string {
  return `pl-${createHash('sha256').update(`${region}\n${name}`).digest('hex').slice(0, 17)}`;
}

/** A list that rules, routes and questions of the caller may name: his own, or one of AWS's. */
export function usableList(call: Place, id: string): PrefixList {
  return managedLists(call.region).get(id) ?? own(call, call.store.prefixLists, id);
}

/** A list that the caller may change: his own. */
export function changeableList(call: Place, id: string): PrefixList {
  checkId(ID_KINDS.prefixList, id);
  if (managedLists(call.region).has(id))
    throw new Ec2Error(
      'OperationNotPermitted',
      `The prefix list '${id}' is managed by AWS: you cannot change, delete or inspect its uses.`,
    );
  return own(call, call.store.prefixLists, id);
}

/**
 * Stores those of AWS's lists that are about to be referred to, so that whoever compiles rules finds
 * their blocks like those of any other list. Their objects are never shown or changed.
 */
export async function keepManagedLists(
  { store, region }: Call,
  ids: readonly (string | undefined)[],
): Promise<void> {
  const lists = managedLists(region);
  for (const id of new Set(ids)) {
    const list = id === undefined ? undefined : lists.get(id);
    if (list !== undefined && store.prefixLists.get(list.metadata.name) === undefined)
      await store.prefixLists.create(list);
  }
}
