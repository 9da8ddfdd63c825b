import type { Story } from '../story.ts';
import { ACCESS } from './access.ts';
import { ADDRESSES } from './addresses.ts';
import { CLUSTERS } from './clusters.ts';
import { COMMANDS } from './commands.ts';
import { GROUPS } from './groups.ts';
import { INSIGHTS } from './insights.ts';
import { INSTANCES } from './instances.ts';
import { INTERFACES } from './interfaces.ts';
import { LISTS } from './lists.ts';
import { PEERING } from './peering.ts';
import { PREFIX_LISTS } from './prefix-lists.ts';
import { QUOTAS } from './quotas.ts';
import { ROUTING } from './routing.ts';
import { RULES } from './rules.ts';
import { SUBNETS } from './subnets.ts';
import { TAGS } from './tags.ts';
import { VPCS } from './vpcs.ts';

/** Every story of the suite, in the order they are played. */
export const STORIES: readonly Story[] = [
  VPCS,
  SUBNETS,
  GROUPS,
  RULES,
  INTERFACES,
  ADDRESSES,
  INSTANCES,
  TAGS,
  LISTS,
  PREFIX_LISTS,
  ROUTING,
  PEERING,
  INSIGHTS,
  QUOTAS,
  ACCESS,
  CLUSTERS,
  COMMANDS,
];
