import type {
  CreateNetworkAclEntryRequest,
  DeleteNetworkAclEntryRequest,
  ReplaceNetworkAclEntryRequest,
} from '@aws-sdk/client-ec2';
import type { NetworkAclEntrySpec } from '../../api/vpc/network-acl.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { readEntry, readRuleNumber } from '../acls/entry.ts';
import type { Call, Handler } from '../context.ts';
import { own, required } from '../own.ts';

type Entries = readonly NetworkAclEntrySpec[];

/** An entry is known by its number and direction. */
type EntryKey = Pick<NetworkAclEntrySpec, 'ruleNumber' | 'egress'>;

function isAt(key: EntryKey): (entry: EntryKey) => boolean {
  return (entry) => entry.ruleNumber === key.ruleNumber && entry.egress === key.egress;
}

/** CreateNetworkAclEntry. */
export const createNetworkAclEntry: Handler<CreateNetworkAclEntryRequest, void> = async (
  input,
  call,
) => {
  const entry = readEntry(input);
  await changeEntries(call, input.NetworkAclId, (entries) => {
    if (entries.some(isAt(entry)))
      throw new Ec2Error(
        'NetworkAclEntryAlreadyExists',
        `The network acl entry identified by ${entry.ruleNumber} already exists.`,
      );
    const sameDirection = entries.filter(({ egress }) => egress === entry.egress);
    if (sameDirection.length >= call.quotas.entriesPerNetworkAcl)
      throw new Ec2Error(
        'NetworkAclEntryLimitExceeded',
        'The maximum number of entries of the network ACL has been reached.',
      );
    return [...entries, entry];
  });
};

/** ReplaceNetworkAclEntry. */
export const replaceNetworkAclEntry: Handler<ReplaceNetworkAclEntryRequest, void> = async (
  input,
  call,
) => {
  const entry = readEntry(input);
  await changeEntries(call, input.NetworkAclId, (entries, aclId) => {
    checkExists(entries, entry, aclId);
    return entries.map((each) => (isAt(entry)(each) ? entry : each));
  });
};

/** DeleteNetworkAclEntry. */
export const deleteNetworkAclEntry: Handler<DeleteNetworkAclEntryRequest, void> = async (
  input,
  call,
) => {
  const egress = required(input.Egress, 'egress');
  const key = { ruleNumber: readRuleNumber(input.RuleNumber), egress };
  await changeEntries(call, input.NetworkAclId, (entries, aclId) => {
    checkExists(entries, key, aclId);
    return entries.filter((each) => !isAt(key)(each));
  });
};

function checkExists(entries: Entries, key: EntryKey, aclId: string): void {
  if (!entries.some(isAt(key)))
    throw new Ec2Error(
      'InvalidNetworkAclEntry.NotFound',
      `The ${key.egress ? 'egress' : 'ingress'} entry with rule number ${key.ruleNumber} does not exist in network acl ${aclId}`,
    );
}

async function changeEntries(
  call: Call,
  aclId: string | undefined,
  change: (entries: Entries, aclId: string) => Entries,
): Promise<void> {
  const { networkAcls, locks } = call.store;
  const id = required(aclId, 'networkAclId');
  await locks.hold({ shared: [id], exclusive: [`entries:${id}`] }, async () => {
    own(call, networkAcls, id);
    await networkAcls.update(id, (acl) => ({
      ...acl,
      spec: { ...acl.spec, entries: change(acl.spec.entries, id) },
    }));
  });
}
