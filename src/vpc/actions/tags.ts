import type {
  CreateTagsRequest,
  DeleteTagsRequest,
  DescribeTagsRequest,
  DescribeTagsResult,
  Tag,
  TagDescription,
} from '@aws-sdk/client-ec2';
import type { KubeObject } from '../../api/meta.ts';
import { isId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS, type IdKind } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { own, ownVpc, required, sees, seesVpc, type Owned } from '../own.ts';
import type { Collection } from '../store/collection.ts';
import type { Store } from '../store/store.ts';
import { mergeTags, type Tags } from '../tags.ts';
import { findRule } from './rules.ts';

type Change = (before: Tags) => Tags;
type Tagged = KubeObject & { readonly spec: { readonly tags?: Tags } };

/** CreateTags: every resource is looked up before any is changed. */
export const createTags: Handler<CreateTagsRequest, void> = async (input, call) => {
  const tags = required(input.Tags, 'tagSet');
  await changeTags(call, input.Resources, (before) => mergeTags(before, tags, call.quotas));
};

/** DeleteTags: with a value, only the tag that has it; without tags, all of them. */
export const deleteTags: Handler<DeleteTagsRequest, void> = async (input, call) => {
  await changeTags(call, input.Resources, (before) => withoutTags(before, input.Tags));
};

function withoutTags(before: Tags, tags: readonly Tag[] | undefined): Tags {
  if (!tags?.length) return {};
  const isGone = (key: string, value: string): boolean =>
    tags.some((tag) => tag.Key === key && (tag.Value === undefined || tag.Value === value));
  return Object.fromEntries(Object.entries(before).filter(([key, value]) => !isGone(key, value)));
}

async function changeTags(
  call: Call,
  ids: readonly string[] | undefined,
  change: Change,
): Promise<void> {
  const writes = required(ids, 'resourceIdSet').map((id) => writerOf(call, id));
  for (const write of writes) await write(change);
}

/** Looks the resource up now; the answer changes its tags. */
function writerOf(call: Call, id: string): (change: Change) => Promise<unknown> {
  const { store } = call;
  const kind = Object.values<IdKind>(ID_KINDS).find(({ prefix }) => isId(id, prefix));
  switch (kind?.prefix) {
    case 'vpc':
      ownVpc(call, id);
      return tagWriter(store, store.vpcs, id);
    case 'subnet':
      return ownedWriter(call, store.subnets, id);
    case 'sg':
      return ownedWriter(call, store.groups, id);
    case 'eni':
      return ownedWriter(call, store.interfaces, id);
    case 'i':
      return ownedWriter(call, store.instances, id);
    case 'sgr':
      return ruleWriter(call, id);
    default:
      throw new Ec2Error('InvalidID', `The ID '${id}' is not valid`);
  }
}

function ownedWriter<T extends Owned & Tagged>(call: Call, collection: Collection<T>, id: string) {
  own(call, collection, id);
  return tagWriter(call.store, collection, id);
}

function tagWriter<T extends Tagged>({ locks }: Store, collection: Collection<T>, id: string) {
  return (change: Change) =>
    locks.hold({ exclusive: [`tags:${id}`] }, () =>
      collection.update(id, (current) => ({
        ...current,
        spec: { ...current.spec, tags: change(current.spec.tags ?? {}) },
      })),
    );
}

function ruleWriter(call: Call, id: string) {
  const { store } = call;
  const groupId = findRule(call, id).group.metadata.name;
  return (change: Change) =>
    store.locks.hold({ shared: [groupId], exclusive: [`rules:${groupId}`] }, () =>
      store.groups.update(groupId, (group) => {
        const rules = group.spec.rules.map((rule) =>
          rule.ruleId === id ? { ...rule, tags: change(rule.tags ?? {}) } : rule,
        );
        return { ...group, spec: { ...group.spec, rules } };
      }),
    );
}

const FILTERS: FilterTable<TagDescription> = {
  tags: ({ Key: key = '', Value: value = '' }) => ({ [key]: value }),
  filters: {
    'resource-id': (tag) => [tag.ResourceId],
    'resource-type': (tag) => [tag.ResourceType],
    key: (tag) => [tag.Key],
    value: (tag) => [tag.Value],
  },
};

/** DescribeTags. */
export const describeTags: Handler<DescribeTagsRequest, DescribeTagsResult> = (input, call) => {
  const test = filterTest(FILTERS, input.Filters);
  const tags = allTags(call).filter(test);
  const page = paginate(tags, input, {
    key: (tag) => `${tag.ResourceId}\n${tag.Key}`,
    range: [5, 1000],
  });
  return { Tags: [...page.items], NextToken: page.nextToken };
};

function allTags(call: Call): TagDescription[] {
  const { store } = call;
  const vpcs = [...store.vpcs.table.values()].filter((vpc) => seesVpc(call, vpc));
  return [
    ...vpcs.flatMap((vpc) => describe(ID_KINDS.vpc, vpc.metadata.name, vpc.spec.tags)),
    ...ofCollection(call, store.subnets),
    ...ofCollection(call, store.groups),
    ...ofCollection(call, store.interfaces),
    ...ofCollection(call, store.instances),
    ...[...store.groups.table.values()]
      .filter((group) => sees(call, group))
      .flatMap(({ spec }) => spec.rules)
      .flatMap((rule) => describe(ID_KINDS.rule, rule.ruleId, rule.tags)),
  ];
}

function ofCollection<T extends Owned & Tagged>(
  call: Call,
  { table, idKind }: Collection<T>,
): TagDescription[] {
  return [...table.values()]
    .filter((object) => sees(call, object))
    .flatMap(({ metadata, spec }) => describe(idKind, metadata.name, spec.tags));
}

function describe(kind: IdKind, id: string, tags: Tags | undefined): TagDescription[] {
  const ResourceType = kind.resourceType as NonNullable<TagDescription['ResourceType']>;
  return Object.entries(tags ?? {}).map(([Key, Value]) => ({
    ResourceId: id,
    ResourceType,
    Key,
    Value,
  }));
}
