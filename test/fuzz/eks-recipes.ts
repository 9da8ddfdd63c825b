import type { ActionModel, Member } from '../../src/ec2/codec/model.ts';
import { EKS_MODEL } from '../../src/ec2/codec/services.ts';
import { EKS_ACTIONS } from '../../src/vpc/eks/actions.ts';
import { list, near, own, some, id, type Kitchen } from './recipes.ts';

/** The actions of EKS that we have. */
export const EKS_ACTION_NAMES: readonly string[] = Object.keys(EKS_ACTIONS);

/** A REST request. */
export interface RestRequest {
  readonly method: string;
  /** Encoded. */
  readonly path: string;
  /** Encoded and sorted. */
  readonly query: string;
  readonly body: string;
}

type Value = (kitchen: Kitchen) => unknown;

const cluster: Value = ({ chance }) => chance.pick(['one', 'one', 'two', 'two', 'a b', '..', 'é']);
const addon: Value = ({ chance }) => chance.pick(['coredns', 'vpc-cni', 'vpc-cni', 'nothing']);

function arn(kitchen: Kitchen): string {
  const [account = '', region = ''] = kitchen.owner.split('/');
  return `arn:aws:eks:${region}:${account}:cluster/${cluster(kitchen) as string}`;
}

/** Subnets of one VPC: now and then of two zones. */
function network(kitchen: Kitchen): object {
  const vpc = kitchen.ids.home(kitchen.owner, 'vpc') ?? id(kitchen, 'vpc');
  const subnet = (): string =>
    own(kitchen, vpc, /^subnet-[0-9a-f]{17}$/, () => near(kitchen, 'subnet'));
  return {
    subnetIds: list(kitchen, 4, subnet),
    securityGroupIds: some(kitchen, 0.2, () => [near(kitchen, 'sg')]),
  };
}

/** Values of parameters by name; a parameter that is not here is left out. */
const VALUES: Readonly<Record<string, Value>> = {
  clusterName: cluster,
  name: cluster,
  addonName: addon,
  roleArn: ({ chance }) => chance.pick(['arn:aws:iam::111122223333:role/eks', 'nobody']),
  resourcesVpcConfig: network,
  version: ({ chance }) => chance.pick(['1.33', '1.33', '9.9']),
  configurationValues: ({ chance }) => chance.pick(['{}', '{"env":{}}', 'x: [']),
  resourceArn: arn,
  tags: ({ chance }) => ({ [`k${chance.below(3)}`]: 'v<>' }),
  tagKeys: ({ chance }) => [`k${chance.below(3)}`],
  maxResults: ({ chance }) => chance.pick([1, 10, 0]),
  clientRequestToken: ({ chance }) => `token-${chance.below(20)}`,
};

/** A request of an action, by what its model says. */
export function eksRequest(kitchen: Kitchen, action: string): RestRequest {
  const model = EKS_MODEL.action(action)!;
  const values = valuesOf(kitchen, action, model);
  const path = (model.http?.path ?? '/').replace(/\{(\w+)\}/g, (_, label: string) =>
    encodeURIComponent(String(values.get(label))),
  );
  const chosen = (where: Member['location']): [string, unknown][] =>
    (model.input?.members ?? [])
      .filter(({ name, location }) => location === where && values.get(name) !== undefined)
      .map(({ wireName, name }) => [wireName, values.get(name)]);
  const query = chosen('query')
    .flatMap(([name, value]) =>
      [value].flat().map((each) => `${name}=${encodeURIComponent(String(each))}`),
    )
    .sort()
    .join('&');
  const body = chosen('body');
  const text = body.length === 0 ? '' : JSON.stringify(Object.fromEntries(body));
  return { method: model.http?.method ?? 'GET', path, query, body: broken(kitchen, text) };
}

function valuesOf(
  kitchen: Kitchen,
  action: string,
  { input }: ActionModel,
): ReadonlyMap<string, unknown> {
  const values = new Map(
    (input?.members ?? [])
      .filter(({ required }) => required || kitchen.chance.happens(0.3))
      .map(({ name }) => [name, VALUES[name]?.(kitchen)] as const),
  );
  if (action !== 'DescribeUpdate') return values;
  const [name, addonName, updateId] = kitchen.ids.pick(kitchen.owner, 'update').split('/');
  return new Map(Object.entries({ name, addonName, updateId: updateId ?? 'none' }));
}

/** Now and then no JSON, or JSON of another kind. */
function broken({ chance }: Kitchen, text: string): string {
  return text !== '' && chance.happens(0.05)
    ? chance.pick(['{', '[]', 'null', '"x"', text.slice(1)])
    : text;
}
