import type { Filter, NetworkInterface } from '@aws-sdk/client-ec2';
import { TAG_VLAN_ID } from '../api/names.ts';
import type { Ec2Client } from '../ec2/client.ts';
import type { BranchInterface } from './branch-pool/ledger.ts';
import { tagValue } from './ec2-tags.ts';

const PAGE = 1_000;

/** All interfaces that pass the filters, over all pages. */
export async function describeAll(
  ec2: Pick<Ec2Client, 'describeNetworkInterfaces'>,
  filters: readonly Filter[],
): Promise<readonly NetworkInterface[]> {
  const found: NetworkInterface[] = [];
  let token: string | undefined;
  do {
    const page = await ec2.describeNetworkInterfaces({
      Filters: [...filters],
      MaxResults: PAGE,
      ...(token !== undefined && { NextToken: token }),
    });
    found.push(...(page.NetworkInterfaces ?? []));
    token = page.NextToken;
  } while (token !== undefined && token !== '');
  return found;
}

/** The branch as the ledger keeps it. */
export function branchOf(described: NetworkInterface): BranchInterface {
  return {
    eniId: described.NetworkInterfaceId ?? '',
    macAddress: described.MacAddress ?? '',
    privateIp: described.PrivateIpAddress ?? '',
    ipv6: described.Ipv6Address ?? described.Ipv6Addresses?.[0]?.Ipv6Address ?? '',
  };
}

/** The VLAN id in the tags of a branch; undefined when it has none that is a number. */
export function taggedVlan(described: NetworkInterface): number | undefined {
  const text = tagValue(described.TagSet, TAG_VLAN_ID) ?? '';
  return /^\d{1,4}$/.test(text) ? Number(text) : undefined;
}

/** The groups that an interface wears. */
export function groupsOf(described: NetworkInterface): readonly string[] {
  return (described.Groups ?? []).map(({ GroupId = '' }) => GroupId);
}
