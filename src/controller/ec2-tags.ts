import type { Filter, Tag, TagSpecification } from '@aws-sdk/client-ec2';
import {
  clusterTag,
  ENI_OWNER_CONTROLLER,
  TAG_ENI_OWNER,
  TAG_INSTANCE_ID,
  TAG_TRUNK_ID,
  TAG_VLAN_ID,
} from '../api/names.ts';
import type { ControllerDeps } from './deps.ts';

/** Tags of every interface that the controller makes (spec: eks-behaviour 1.4). */
export function ownerTags(
  { clusterName }: Pick<ControllerDeps, 'clusterName'>,
  instanceId: string,
): Readonly<Record<string, string>> {
  return {
    [TAG_INSTANCE_ID]: instanceId,
    [TAG_ENI_OWNER]: ENI_OWNER_CONTROLLER,
    [clusterTag(clusterName)]: 'owned',
  };
}

/** Tags that tell where a branch belongs, so that its place is known after a restart. */
export function branchTags(trunkId: string, vlanId: number): Readonly<Record<string, string>> {
  return { [TAG_VLAN_ID]: String(vlanId), [TAG_TRUNK_ID]: trunkId };
}

/** Tags as CreateNetworkInterface takes them. */
export function tagSpecifications(tags: Readonly<Record<string, string>>): TagSpecification[] {
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return [{ ResourceType: 'network-interface', Tags: list }];
}

/** A filter on the value of a tag. */
export function tagFilter(key: string, ...values: readonly string[]): Filter {
  return { Name: `tag:${key}`, Values: [...values] };
}

/** The value of a tag. */
export function tagValue(tags: readonly Tag[] | undefined, key: string): string | undefined {
  return tags?.find(({ Key }) => Key === key)?.Value;
}
