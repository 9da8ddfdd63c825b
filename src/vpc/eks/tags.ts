import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  TagResourceResponse,
  UntagResourceRequest,
  UntagResourceResponse,
} from '@aws-sdk/client-eks';
import type { EksAddon, EksCluster } from '../../api/vpc/eks-cluster.ts';
import type { Call, Handler } from '../context.ts';
import { mergeTags, type Tags } from '../tags.ts';
import { addonArn } from './addons.ts';
import { clusterArn } from './clusters.ts';
import { notFound } from './errors.ts';

/** TagResource, for clusters and add-ons. */
export const tagResource: Handler<TagResourceRequest, TagResourceResponse> = async (
  input,
  call,
) => {
  const added = Object.entries(input.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
  await changeTags(call, input.resourceArn, (tags) => mergeTags(tags, added, call.quotas));
  return {};
};

/** UntagResource. */
export const untagResource: Handler<UntagResourceRequest, UntagResourceResponse> = async (
  input,
  call,
) => {
  const keys = new Set(input.tagKeys);
  await changeTags(call, input.resourceArn, (tags) =>
    Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.has(key))),
  );
  return {};
};

/** ListTagsForResource. */
export const listTagsForResource: Handler<
  ListTagsForResourceRequest,
  ListTagsForResourceResponse
> = (input, call) => {
  const { cluster, addon } = find(call, input.resourceArn);
  return { tags: { ...(addon ?? cluster.spec).tags } };
};

interface Found {
  readonly cluster: EksCluster;
  readonly addon: EksAddon | undefined;
}

function find(call: Call, arn: string | undefined): Found {
  for (const cluster of call.store.clusters.table.values()) {
    if (cluster.spec.account !== call.accountId) continue;
    if (clusterArn(cluster) === arn) return { cluster, addon: undefined };
    const addon = cluster.spec.addons?.find((each) => addonArn(cluster, each) === arn);
    if (addon !== undefined) return { cluster, addon };
  }
  throw notFound(`No resource found for arn: ${arn}`);
}

async function changeTags(
  call: Call,
  arn: string | undefined,
  change: (tags: Tags) => Tags,
): Promise<void> {
  const { cluster, addon } = find(call, arn);
  const { store } = call;
  const id = cluster.metadata.name;
  await store.locks.hold({ exclusive: [id] }, () =>
    store.clusters.update(id, (current) => tagged(current, addon?.name, change)),
  );
}

function tagged(
  { spec, ...rest }: EksCluster,
  addonName: string | undefined,
  change: (tags: Tags) => Tags,
): EksCluster {
  if (addonName === undefined) return { ...rest, spec: { ...spec, tags: change(spec.tags ?? {}) } };
  const addons = (spec.addons ?? []).map((each) =>
    each.name === addonName ? { ...each, tags: change(each.tags) } : each,
  );
  return { ...rest, spec: { ...spec, addons } };
}
