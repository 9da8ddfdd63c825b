import type { StructShape } from '../../src/ec2/codec/model.ts';
import type { Kitchen, Recipe } from './recipes.ts';
import { ISSUER, webIdentityToken } from './issuer.ts';
import { ACCOUNTS } from './world.ts';

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' },
    {
      Effect: 'Allow',
      Principal: { Federated: ACCOUNTS.map((account) => providerArn(account, ISSUER)) },
      Action: 'sts:AssumeRoleWithWebIdentity',
    },
  ],
});
const DOCUMENT = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'ec2:Describe*', Resource: '*' }],
});
const MANAGED = 'arn:aws:iam::aws:policy/AmazonEKSVPCResourceController';

type Value = (kitchen: Kitchen) => unknown;

/** Few, so that requests meet at the same objects. */
const name: Value = ({ chance }) => `name-${chance.below(4)}`;

function providerArn(account: string, issuer: string): string {
  return `arn:aws:iam::${account}:oidc-provider/${issuer}`;
}

function accountOf({ owner }: Kitchen): string {
  return owner.split('/')[0] ?? '';
}

/** Issuers that accounts add, besides the one that the server knows. */
const issuer: Value = ({ chance }) => `oidc-${chance.below(4)}.test/id`;
const document: Value = ({ chance }) =>
  chance.pick([DOCUMENT, DOCUMENT, TRUST, '{}', 'not json', '{"Statement":[]}']);

/** Values of IAM's and STS's parameters, by name; a parameter that is not here is left out. */
const VALUES: Readonly<Record<string, Value>> = {
  RoleName: name,
  UserName: name,
  PolicyName: name,
  InstanceProfileName: name,
  PolicyArn: ({ chance, owner }) =>
    chance.happens(0.3)
      ? MANAGED
      : `arn:aws:iam::${owner.split('/')[0]}:policy/name-${chance.below(4)}`,
  PolicyDocument: document,
  AssumeRolePolicyDocument: ({ chance }) => chance.pick([TRUST, TRUST, DOCUMENT, '[']),
  VersionId: ({ chance }) => `v${1 + chance.below(4)}`,
  SetAsDefault: ({ chance }) => chance.happens(0.5),
  Status: ({ chance }) => chance.pick(['Active', 'Inactive', 'Odd']),
  AccessKeyId: (kitchen) => kitchen.ids.pick(kitchen.owner, 'AKIA'),
  Url: (kitchen) => `https://${issuer(kitchen) as string}`,
  OpenIDConnectProviderArn: (kitchen) => providerArn(accountOf(kitchen), issuer(kitchen) as string),
  ClientID: ({ chance }) => `client-${chance.below(3)}`,
  ClientIDList: ({ chance }) => ({ member: [`client-${chance.below(3)}`] }),
  ThumbprintList: ({ chance }) => ({ member: [chance.pick(['a', '0', '-']).repeat(40)] }),
  Tags: ({ chance }) => ({
    member: [{ Key: `k${chance.below(3)}`, Value: chance.pick(['v', 'v', '<v>']) }],
  }),
  TagKeys: ({ chance }) => ({ member: [`k${chance.below(3)}`] }),
  MaxItems: ({ chance }) => chance.pick([1, 100, 0]),
  RoleArn: ({ chance, owner }) =>
    `arn:aws:iam::${owner.split('/')[0]}:role/name-${chance.below(4)}`,
  RoleSessionName: () => 'session',
  EncodedMessage: (kitchen) => kitchen.ids.pick(kitchen.owner, 'message'),
  WebIdentityToken: ({ chance }) => chance.pick([webIdentityToken(), 'a.b.c']),
};

/** A request of a service with maps and `member` levels, by what its model says. */
export function modelRecipe(input: StructShape | undefined): Recipe {
  return (kitchen) =>
    Object.fromEntries(
      (input?.members ?? [])
        .filter(({ required }) => required || kitchen.chance.happens(0.3))
        .map(({ wireName }) => [wireName, VALUES[wireName]?.(kitchen)]),
    );
}
