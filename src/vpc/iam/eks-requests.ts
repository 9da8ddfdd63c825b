import type { Call } from '../context.ts';
import type { NamedFact, ResourceUse } from './ec2-requests.ts';
import { passRoleUses } from './iam-requests.ts';

type Input = Readonly<Record<string, unknown>>;

/** Actions that make a cluster or name none. */
const ACCOUNT_WIDE: ReadonlySet<string> = new Set([
  'ListClusters',
  'DescribeAddonVersions',
  'DescribeClusterVersions',
]);

/** What an EKS request does: one action on a cluster, an addon of it, or whatever has the ARN. */
export function eksUses(call: Call, action: string, input: Input): readonly ResourceUse[] {
  const tags = Object.entries((input['tags'] ?? {}) as Readonly<Record<string, string>>);
  const facts: NamedFact[] = tags.map(([key, value]) => [`aws:RequestTag/${key}`, [value]]);
  if (tags.length > 0) facts.push(['aws:TagKeys', tags.map(([key]) => key)]);
  const use = { action: `eks:${action}`, resource: eksResource(call, action, input), facts };
  const roleName = textOf(input['roleArn'])?.split('/').at(-1);
  return [use, ...passRoleUses(call, roleName, 'eks.amazonaws.com')];
}

function eksResource({ region, accountId }: Call, action: string, input: Input): string {
  if (ACCOUNT_WIDE.has(action)) return '*';
  const named = textOf(input['resourceArn']);
  const cluster = textOf(input['clusterName']) ?? textOf(input['name']);
  if (named !== undefined || cluster === undefined) return named ?? '*';
  const arn = `arn:aws:eks:${region}:${accountId}`;
  const addon = action.startsWith('Create') ? undefined : textOf(input['addonName']);
  if (addon === undefined) return `${arn}:cluster/${cluster}`;
  return `${arn}:addon/${cluster}/${addon}/*`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
