import type { Story } from '../story.ts';
import { ADDRESSES } from './addresses.ts';
import { GROUPS } from './groups.ts';
import { INSTANCES } from './instances.ts';
import { INTERFACES } from './interfaces.ts';
import { RULES } from './rules.ts';
import { SUBNETS } from './subnets.ts';
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
];
