import type { KubeObject } from '../../api/meta.ts';
import { ID_KINDS, type IdKind } from '../../ec2/id-kinds.ts';
import type { Call } from '../context.ts';
import { findDefaultVpc } from '../own.ts';
import { ec2CollectionsOf } from '../store/store.ts';
import { resourceRows, valuesAt, type ResourceRow } from './ec2-resources.ts';

/** A fact by its name as conditions spell it. */
export type NamedFact = readonly [key: string, values: readonly string[]];

/** One action on one resource, before it is judged. */
export interface ResourceUse {
  readonly action: string;
  readonly resource: string;
  readonly facts: readonly NamedFact[];
}

type Input = Readonly<Record<string, unknown>>;
type Tags = Readonly<Record<string, string>>;

/** What of a stored object conditions can ask about. */
interface Spec {
  readonly account?: string;
  readonly vpcId?: string;
  readonly subnetId?: string;
  readonly availabilityZone?: string;
  readonly instanceType?: string;
  readonly tags?: Tags;
}

/** Everything that an EC2 request does, resource by resource; each must be allowed. */
export function ec2Uses(call: Call, action: string, input: Input): readonly ResourceUse[] {
  const rows = resourceRows(action) ?? [];
  const requestTags = requestTagsOf(input);
  const resources = rows.flatMap((row) => resourcesOf(call, row, input));
  const where = placeFacts(call, Object.assign({}, ...resources.map(({ spec }) => spec)) as Spec);
  const uses = resources.map(({ arn, spec, made }) => ({
    action: `ec2:${action}`,
    resource: arn,
    facts: [
      ...(made ? where : placeFacts(call, spec)),
      ...tagFacts('ResourceTag', spec?.tags ?? {}),
      ...(made === undefined ? [] : requestTagFacts(requestTags.get(made) ?? {})),
      ...(requestTags.has('') ? requestTagFacts(requestTags.get('') ?? {}) : []),
    ],
  }));
  if (uses.length === 0) uses.push({ action: `ec2:${action}`, resource: '*', facts: [] });
  return [...uses, ...taggingUses(call, action, requestTags)];
}

/** Tags given to what an action makes need ec2:CreateTags too, with ec2:CreateAction. */
function taggingUses(
  call: Call,
  action: string,
  requestTags: ReadonlyMap<string, Tags>,
): ResourceUse[] {
  return [...requestTags]
    .filter(([type, tags]) => type !== '' && Object.keys(tags).length > 0)
    .map(([type, tags]) => ({
      action: 'ec2:CreateTags',
      resource: arnOf(call, call.accountId, `${type}/*`),
      facts: [['ec2:CreateAction', [action]], ...requestTagFacts(tags)],
    }));
}

interface TagSpecification {
  readonly ResourceType?: string;
  readonly Tags?: readonly { readonly Key?: string; readonly Value?: string }[];
}

/** Tags of a request by the type that they are for; those of CreateTags and DeleteTags under ''. */
function requestTagsOf(input: Input): ReadonlyMap<string, Tags> {
  const specifications = (input['TagSpecifications'] ?? []) as readonly TagSpecification[];
  const own = input['Tags'] as TagSpecification['Tags'];
  return new Map([
    ...specifications.map(({ ResourceType = '', Tags }) => [ResourceType, tagMap(Tags)] as const),
    ...(own === undefined ? [] : [['', tagMap(own)] as const]),
  ]);
}

function tagMap(tags: TagSpecification['Tags']): Tags {
  return Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}

function requestTagFacts(tags: Tags): NamedFact[] {
  const keys = Object.keys(tags);
  return [
    ...keys.map((key): NamedFact => [`aws:RequestTag/${key}`, [tags[key] ?? '']]),
    ...(keys.length > 0 ? [['aws:TagKeys', keys] as const] : []),
  ];
}

function tagFacts(name: string, tags: Tags): NamedFact[] {
  return Object.entries(tags).flatMap(([key, value]): NamedFact[] => [
    [`ec2:${name}/${key}`, [value]],
    [`aws:${name}/${key}`, [value]],
  ]);
}

function placeFacts(call: Call, spec: Spec | undefined): NamedFact[] {
  const owner = spec?.account ?? call.accountId;
  const facts: (readonly [string, string | undefined])[] = [
    ['ec2:Vpc', spec?.vpcId && arnOf(call, owner, `vpc/${spec.vpcId}`)],
    ['ec2:Subnet', spec?.subnetId && arnOf(call, owner, `subnet/${spec.subnetId}`)],
    ['ec2:AvailabilityZone', spec?.availabilityZone],
    ['ec2:InstanceType', spec?.instanceType],
  ];
  return facts.flatMap(([key, value]) => (value ? [[key, [value]] as const] : []));
}

interface Found {
  readonly arn: string;
  readonly spec: Spec | undefined;
  /** Type of what the action makes; undefined for what exists. */
  readonly made?: string;
}

function resourcesOf(call: Call, row: ResourceRow, input: Input): Found[] {
  if (row.kind === 'new')
    return [{ arn: arnOf(call, call.accountId, `${row.type}/*`), spec: undefined, made: row.type }];
  return valuesAt(input, row.path).flatMap((value) => existing(call, row.type, value));
}

function existing(call: Call, type: string, value: string): Found[] {
  if (type === 'image') return [{ arn: arnOf(call, '', `image/${value}`), spec: undefined }];
  if (type === 'security-group-name') return [groupNamed(call, value)];
  if (type === 'key-pair-name')
    return [{ arn: arnOf(call, call.accountId, `key-pair/${value}`), spec: undefined }];
  return [byId(call, type, value)];
}

/** GroupName means a group of the default VPC. */
function groupNamed(call: Call, name: string): Found {
  const vpcId = findDefaultVpc(call)?.metadata.name ?? '';
  const [group] = call.store.groups.table.by('name', `${vpcId}/${name}`);
  return byId(call, 'security-group', group?.metadata.name ?? '*');
}

/**
 * The resource with this id, with what we know of it when it is the caller's. Ids of attachments,
 * associations and permissions stand for the object that has them.
 */
function byId(call: Call, type: string, id: string): Found {
  const { name, spec } = findObject(call, id) ?? { name: id, spec: undefined };
  const resourceType = type === '*' ? typeOfId(id) : type;
  const own = spec?.account === call.accountId ? spec : undefined;
  const tags = resourceType === 'security-group-rule' ? ruleTags(call, id) : own?.tags;
  return {
    arn: arnOf(call, spec?.account ?? call.accountId, `${resourceType}/${name}`),
    spec: own && placed(own, { type: resourceType, name, tags }),
  };
}

/** An object is in its VPC and subnet; a VPC and a subnet are in themselves. */
function placed(
  spec: Spec,
  { type, name, tags }: { type: string; name: string; tags: Tags | undefined },
): Spec {
  return {
    ...spec,
    ...(type === 'vpc' && { vpcId: name }),
    ...(type === 'subnet' && { subnetId: name }),
    tags: tags ?? {},
  };
}

const HOLDER_INDEXES = ['attachment', 'association', 'rule', 'permission'] as const;

type SpecObject = KubeObject & { readonly spec?: unknown };

function findObject(call: Call, id: string): { name: string; spec: Spec | undefined } | undefined {
  const prefix = id.slice(0, id.lastIndexOf('-'));
  const object: SpecObject | undefined = objectWithId(call, id, prefix) ?? holderOf(call, id);
  if (object === undefined) return undefined;
  // A rule keeps its own id; it lives in its group.
  const name = prefix === 'sgr' ? id : object.metadata.name;
  return { name, spec: object.spec as Spec | undefined };
}

function objectWithId({ store }: Call, id: string, prefix: string): KubeObject | undefined {
  for (const { idKind, table } of ec2CollectionsOf(store)) {
    const object = idKind.prefix === prefix ? table.get(id) : undefined;
    if (object !== undefined) return object;
  }
  return undefined;
}

function holderOf({ store }: Call, id: string): KubeObject | undefined {
  for (const { table } of ec2CollectionsOf(store))
    for (const index of HOLDER_INDEXES) {
      const [object] = table.by(index, id);
      if (object !== undefined) return object;
    }
  return undefined;
}

function ruleTags({ store }: Call, ruleId: string): Tags | undefined {
  const [group] = store.groups.table.by('rule', ruleId);
  return group?.spec.rules.find((rule) => rule.ruleId === ruleId)?.tags;
}

function typeOfId(id: string): string {
  const prefix = id.slice(0, id.lastIndexOf('-'));
  return (
    Object.values<IdKind>(ID_KINDS).find((kind) => kind.prefix === prefix)?.resourceType ?? '*'
  );
}

function arnOf({ region }: Call, account: string, rest: string): string {
  return `arn:aws:ec2:${region}:${account}:${rest}`;
}
