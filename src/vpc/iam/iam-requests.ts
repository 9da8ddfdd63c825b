import type { KubeObject } from '../../api/meta.ts';
import type { Call } from '../context.ts';
import type { Collection } from '../store/collection.ts';
import type { NamedFact, ResourceUse } from './ec2-requests.ts';
import { iamObjectName, type IamStore } from './iam-store.ts';

type Input = Readonly<Record<string, unknown>>;
type Pathed = KubeObject & {
  readonly spec: { readonly path: string; readonly name: string; readonly tags?: object };
};

/** STS actions that everybody may call, or that decide by a role's trust policy. */
const OPEN_STS: ReadonlySet<string> = new Set([
  'GetCallerIdentity',
  'GetSessionToken',
  'AssumeRole',
  'AssumeRoleWithWebIdentity',
]);

/** What an STS request does; nothing for the actions that need no permission. */
export function stsUses(action: string): readonly ResourceUse[] {
  if (OPEN_STS.has(action)) return [];
  return [{ action: `sts:${action}`, resource: '*', facts: [] }];
}

/** What an IAM request does: one action on one user, role, policy or instance profile. */
export function iamUses(call: Call, action: string, input: Input): readonly ResourceUse[] {
  const { resource, tags } = iamResource(call, input);
  const facts: NamedFact[] = Object.entries(tags).flatMap(([key, value]): NamedFact[] => [
    [`iam:ResourceTag/${key}`, [String(value)]],
    [`aws:ResourceTag/${key}`, [String(value)]],
  ]);
  const { PolicyArn: policy } = input;
  if (typeof policy === 'string') facts.push(['iam:PolicyARN', [policy]]);
  const passed = action === 'AddRoleToInstanceProfile' ? textOf(input['RoleName']) : undefined;
  return [{ action: `iam:${action}`, resource, facts }, ...passRoleUses(call, passed)];
}

interface Named {
  readonly resource: string;
  readonly tags: object;
}

/** Members that name what an action is about; the first one that a request has counts. */
const NAMING: readonly (readonly [member: string, type: string, of: (iam: IamStore) => unknown])[] =
  [
    ['InstanceProfileName', 'instance-profile', ({ profiles }) => profiles],
    ['RoleName', 'role', ({ roles }) => roles],
    ['UserName', 'user', ({ users }) => users],
    ['PolicyName', 'policy', ({ policies }) => policies],
  ];

function iamResource(call: Call, input: Input): Named {
  for (const [member, type, of] of NAMING) {
    const name = textOf(input[member]);
    if (name === undefined) continue;
    const collection = of(call.store.iam) as Collection<Pathed>;
    const found = collection.get(iamObjectName(call.accountId, name))?.spec;
    const spec = found ?? { path: textOf(input['Path']) ?? '/', name };
    return { resource: arnOf(call, type, spec), tags: found?.tags ?? {} };
  }
  const { PolicyArn: policy, OpenIDConnectProviderArn: provider } = input;
  return { resource: textOf(policy) ?? textOf(provider) ?? ownUser(call), tags: {} };
}

function arnOf(
  { accountId }: Call,
  type: string,
  { path, name }: { readonly path: string; readonly name: string },
): string {
  return `arn:aws:iam::${accountId}:${type}${path}${name}`;
}

/** Handing a role to a service needs iam:PassRole on it; nothing for a role that does not exist. */
export function passRoleUses(
  call: Call,
  roleName: string | undefined,
  service = 'ec2.amazonaws.com',
): readonly ResourceUse[] {
  const role = call.store.iam.roles.get(iamObjectName(call.accountId, roleName ?? ''));
  if (role === undefined) return [];
  return [
    {
      action: 'iam:PassRole',
      resource: arnOf(call, 'role', role.spec),
      facts: [['iam:PassedToService', [service]]],
    },
  ];
}

/** The role of the instance profile that RunInstances names, by name or by ARN. */
export function profileRole(call: Call, input: Input): string | undefined {
  const profile = input['IamInstanceProfile'] as { Arn?: string; Name?: string } | undefined;
  const name = profile?.Name ?? profile?.Arn?.split('/').at(-1);
  const object = iamObjectName(call.accountId, name ?? '');
  return call.store.iam.profiles.get(object)?.spec.roleName;
}

/** Some actions mean the calling user when they name nobody. */
function ownUser({ caller: { principal } }: Call): string {
  return principal.kind === 'user' ? principal.arn : '*';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
