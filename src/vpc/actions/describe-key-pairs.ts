import type { DescribeKeyPairsRequest, DescribeKeyPairsResult } from '@aws-sdk/client-ec2';
import type { KeyPair } from '../../api/vpc/key-pair.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { sees } from '../own.ts';
import { keyPairKey } from '../store/network-store.ts';
import { tagList } from '../tags.ts';

const FILTERS: FilterTable<KeyPair> = {
  tags: ({ spec }) => spec.tags,
  filters: {
    'key-pair-id': ({ metadata }) => [metadata.name],
    'key-name': ({ spec }) => [spec.keyName],
    fingerprint: ({ spec }) => [spec.fingerprint],
  },
};

/** DescribeKeyPairs, by name too. */
export const describeKeyPairs: Handler<DescribeKeyPairsRequest, DescribeKeyPairsResult> = (
  input,
  call,
) => {
  const { KeyNames: names = [], IncludePublicKey: withKey } = input;
  const visible = selectObjects(
    call.store.keyPairs,
    { ids: input.KeyPairIds, filters: input.Filters },
    { table: FILTERS, visible: (keyPair) => sees(call, keyPair) },
  );
  const missing = names.find((keyName) => {
    const { accountId: account, region, store } = call;
    return store.keyPairs.table.count('name', keyPairKey({ account, region, keyName })) === 0;
  });
  if (missing !== undefined)
    throw new Ec2Error('InvalidKeyPair.NotFound', `The key pair '${missing}' does not exist`);
  const chosen = visible.filter(({ spec }) => names.length === 0 || names.includes(spec.keyName));
  return {
    KeyPairs: chosen.map(({ metadata, spec }) => ({
      KeyPairId: metadata.name,
      KeyName: spec.keyName,
      KeyType: spec.keyType,
      KeyFingerprint: spec.fingerprint,
      CreateTime: new Date(spec.createdAt),
      PublicKey: withKey ? spec.publicKey : undefined,
      Tags: tagList(spec.tags),
    })),
  };
};
