import type {
  CreateTagsRequest,
  DeleteTagsRequest,
  DescribeTagsRequest,
  DescribeTagsResult,
  Tag,
  TagDescription,
} from '@aws-sdk/client-ec2';
import { isId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS, type IdKind } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { paginate } from '../describe.ts';
import { filterTest, type FilterTable } from '../filters.ts';
import { own, ownAll, required, type Owned } from '../own.ts';
import { changePeeringTags, peeringTags, visiblePeerings } from '../network/peerings.ts';
import type { Collection } from '../store/collection.ts';
import { ec2CollectionsOf, type Store } from '../store/store.ts';
import { mergeTags, type Tags } from '../tags.ts';
import { findRule } from './rules.ts';

type Change = (before: Tags) => Tags;
type Tagged = Owned & { readonly spec: { readonly tags?: Tags } };

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
  if (isId(id, ID_KINDS.rule.prefix)) return ruleWriter(call, id);
  if (isId(id, ID_KINDS.peering.prefix)) return (change) => changePeeringTags(call, id, change);
  const collection = taggedCollections(call).find(({ idKind }) => isId(id, idKind.prefix));
  if (collection === undefined) throw new Ec2Error('InvalidID', `The ID '${id}' is not valid`);
  own(call, collection, id);
  return tagWriter(call.store, collection, id);
}

/** All kinds but peerings, whose two sides have tags of their own. Objects of all have tags. */
function taggedCollections({ store }: Call): readonly Collection<Tagged>[] {
  const all = ec2CollectionsOf(store).filter(({ idKind }) => idKind !== ID_KINDS.peering);
  return all as unknown as readonly Collection<Tagged>[];
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
  const rules = ownAll(call, call.store.groups).flatMap(({ spec }) => spec.rules);
  return [
    ...taggedCollections(call).flatMap((collection) =>
      ownAll(call, collection).flatMap(({ metadata, spec }) =>
        describe(collection.idKind, metadata.name, spec.tags),
      ),
    ),
    ...rules.flatMap((rule) => describe(ID_KINDS.rule, rule.ruleId, rule.tags)),
    ...visiblePeerings(call).flatMap((peering) =>
      describe(ID_KINDS.peering, peering.metadata.name, peeringTags(call, peering)),
    ),
  ];
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
