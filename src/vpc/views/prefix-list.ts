import type { ManagedPrefixList } from '@aws-sdk/client-ec2';
import type { PrefixList } from '../../api/vpc/prefix-list.ts';
import { AWS_OWNER } from '../prefix-lists/aws-managed.ts';
import { tagList } from '../tags.ts';

/** A prefix list as EC2 shows it. */
export function prefixListView({ metadata, spec }: PrefixList): ManagedPrefixList {
  return {
    PrefixListId: metadata.name,
    PrefixListName: spec.listName,
    PrefixListArn: `arn:aws:ec2:${spec.region}:${spec.account === AWS_OWNER ? 'aws' : spec.account}:prefix-list/${metadata.name}`,
    AddressFamily: spec.addressFamily,
    State: spec.state,
    MaxEntries: spec.maxEntries,
    Version: spec.version,
    OwnerId: spec.account,
    Tags: tagList(spec.tags),
  };
}
