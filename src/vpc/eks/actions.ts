import type { Handler } from '../context.ts';
import {
  createAddon,
  deleteAddon,
  describeAddon,
  describeUpdate,
  listAddons,
  updateAddon,
} from './addons.ts';
import { describeAddonVersions } from './addon-versions.ts';
import { createCluster, deleteCluster, describeCluster, listClusters } from './clusters.ts';
import { listTagsForResource, tagResource, untagResource } from './tags.ts';

/** The EKS actions that we implement. */
export const EKS_ACTIONS: Readonly<Record<string, Handler>> = {
  CreateAddon: createAddon,
  CreateCluster: createCluster,
  DeleteAddon: deleteAddon,
  DeleteCluster: deleteCluster,
  DescribeAddon: describeAddon,
  DescribeAddonVersions: describeAddonVersions,
  DescribeCluster: describeCluster,
  DescribeUpdate: describeUpdate,
  ListAddons: listAddons,
  ListClusters: listClusters,
  ListTagsForResource: listTagsForResource,
  TagResource: tagResource,
  UntagResource: untagResource,
  UpdateAddon: updateAddon,
};
