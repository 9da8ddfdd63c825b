import type { Handler } from '../context.ts';
import { attachNetworkInterface, detachNetworkInterface } from './attach-interface.ts';
import { authorizeSecurityGroupEgress, authorizeSecurityGroupIngress } from './authorize-rules.ts';
import { createNetworkInterface, deleteNetworkInterface } from './create-interface.ts';
import { describeSecurityGroups } from './describe-groups.ts';
import { describeImages } from './describe-images.ts';
import { describeInstanceTypes } from './describe-instance-types.ts';
import {
  describeNetworkInterfaceAttribute,
  describeNetworkInterfaces,
} from './describe-interfaces.ts';
import { createSecurityGroup, deleteSecurityGroup } from './groups.ts';
import { describeInstances, describeInstanceStatus } from './instances.ts';
import {
  createNetworkInterfacePermission,
  deleteNetworkInterfacePermission,
  describeNetworkInterfacePermissions,
} from './interface-permissions.ts';
import { assignIpv6Addresses, unassignIpv6Addresses } from './ipv6-addresses.ts';
import {
  modifyNetworkInterfaceAttribute,
  resetNetworkInterfaceAttribute,
} from './modify-interface.ts';
import { NETWORK_ACTIONS } from './network-table.ts';
import { assignPrivateIpAddresses, unassignPrivateIpAddresses } from './private-addresses.ts';
import { revokeSecurityGroupEgress, revokeSecurityGroupIngress } from './revoke-rules.ts';
import {
  updateSecurityGroupRuleDescriptionsEgress,
  updateSecurityGroupRuleDescriptionsIngress,
} from './rule-descriptions.ts';
import { describeSecurityGroupRules, modifySecurityGroupRules } from './rules.ts';
import { runInstances } from './run-instances.ts';
import { createTags, deleteTags, describeTags } from './tags.ts';
import {
  associateTrunkInterface,
  describeTrunkInterfaceAssociations,
  disassociateTrunkInterface,
} from './trunk-associations.ts';
import { describeAvailabilityZones, describeRegions } from './zones.ts';
import { createManagedPrefixList, deleteManagedPrefixList } from './prefix-lists.ts';
import { describeManagedPrefixLists, describePrefixLists } from './describe-prefix-lists.ts';
import { modifyManagedPrefixList, restoreManagedPrefixListVersion } from './modify-prefix-list.ts';
import {
  getManagedPrefixListAssociations,
  getManagedPrefixListEntries,
} from './prefix-list-entries.ts';
import {
  describeSecurityGroupReferences,
  describeStaleSecurityGroups,
} from './group-references.ts';
import {
  associateSecurityGroupVpc,
  describeSecurityGroupVpcAssociations,
  disassociateSecurityGroupVpc,
  getSecurityGroupsForVpc,
} from './group-associations.ts';
import {
  describeInstanceAttribute,
  modifyInstanceAttribute,
  modifyInstanceMetadataOptions,
} from './instance-attributes.ts';
import {
  associateIamInstanceProfile,
  describeIamInstanceProfileAssociations,
  disassociateIamInstanceProfile,
  replaceIamInstanceProfileAssociation,
} from './instance-profiles.ts';
import { describeInstanceTypeOfferings } from './instance-type-offerings.ts';
import {
  rebootInstances,
  startInstances,
  stopInstances,
  terminateInstances,
} from './instance-states.ts';
import {
  createNetworkInsightsPath,
  deleteNetworkInsightsPath,
  describeNetworkInsightsPaths,
} from './insights-paths.ts';
import {
  deleteNetworkInsightsAnalysis,
  describeNetworkInsightsAnalyses,
  startNetworkInsightsAnalysis,
} from './insights-analyses.ts';

/** The EC2 actions that we implement; every other action of the model is UnsupportedOperation. */
export const EC2_ACTIONS: Readonly<Record<string, Handler>> = {
  ...NETWORK_ACTIONS,
  AssignIpv6Addresses: assignIpv6Addresses,
  AssignPrivateIpAddresses: assignPrivateIpAddresses,
  AssociateIamInstanceProfile: associateIamInstanceProfile,
  AssociateSecurityGroupVpc: associateSecurityGroupVpc,
  AssociateTrunkInterface: associateTrunkInterface,
  AttachNetworkInterface: attachNetworkInterface,
  AuthorizeSecurityGroupEgress: authorizeSecurityGroupEgress,
  AuthorizeSecurityGroupIngress: authorizeSecurityGroupIngress,
  CreateManagedPrefixList: createManagedPrefixList,
  CreateNetworkInsightsPath: createNetworkInsightsPath,
  CreateNetworkInterface: createNetworkInterface,
  CreateNetworkInterfacePermission: createNetworkInterfacePermission,
  CreateSecurityGroup: createSecurityGroup,
  CreateTags: createTags,
  DeleteManagedPrefixList: deleteManagedPrefixList,
  DeleteNetworkInsightsAnalysis: deleteNetworkInsightsAnalysis,
  DeleteNetworkInsightsPath: deleteNetworkInsightsPath,
  DeleteNetworkInterface: deleteNetworkInterface,
  DeleteNetworkInterfacePermission: deleteNetworkInterfacePermission,
  DeleteSecurityGroup: deleteSecurityGroup,
  DeleteTags: deleteTags,
  DescribeAvailabilityZones: describeAvailabilityZones,
  DescribeIamInstanceProfileAssociations: describeIamInstanceProfileAssociations,
  DescribeInstanceAttribute: describeInstanceAttribute,
  DescribeInstances: describeInstances,
  DescribeInstanceStatus: describeInstanceStatus,
  DescribeImages: describeImages,
  DescribeInstanceTypeOfferings: describeInstanceTypeOfferings,
  DescribeInstanceTypes: describeInstanceTypes,
  DescribeManagedPrefixLists: describeManagedPrefixLists,
  DescribePrefixLists: describePrefixLists,
  DescribeNetworkInsightsAnalyses: describeNetworkInsightsAnalyses,
  DescribeNetworkInsightsPaths: describeNetworkInsightsPaths,
  DescribeNetworkInterfaceAttribute: describeNetworkInterfaceAttribute,
  DescribeNetworkInterfacePermissions: describeNetworkInterfacePermissions,
  DescribeNetworkInterfaces: describeNetworkInterfaces,
  DescribeRegions: describeRegions,
  DescribeSecurityGroupReferences: describeSecurityGroupReferences,
  DescribeSecurityGroupRules: describeSecurityGroupRules,
  DescribeSecurityGroups: describeSecurityGroups,
  DescribeSecurityGroupVpcAssociations: describeSecurityGroupVpcAssociations,
  DescribeStaleSecurityGroups: describeStaleSecurityGroups,
  DescribeTags: describeTags,
  DescribeTrunkInterfaceAssociations: describeTrunkInterfaceAssociations,
  DetachNetworkInterface: detachNetworkInterface,
  DisassociateIamInstanceProfile: disassociateIamInstanceProfile,
  DisassociateSecurityGroupVpc: disassociateSecurityGroupVpc,
  DisassociateTrunkInterface: disassociateTrunkInterface,
  GetManagedPrefixListAssociations: getManagedPrefixListAssociations,
  GetManagedPrefixListEntries: getManagedPrefixListEntries,
  GetSecurityGroupsForVpc: getSecurityGroupsForVpc,
  ModifyInstanceAttribute: modifyInstanceAttribute,
  ModifyInstanceMetadataOptions: modifyInstanceMetadataOptions,
  ModifyManagedPrefixList: modifyManagedPrefixList,
  ModifyNetworkInterfaceAttribute: modifyNetworkInterfaceAttribute,
  ModifySecurityGroupRules: modifySecurityGroupRules,
  RebootInstances: rebootInstances,
  ReplaceIamInstanceProfileAssociation: replaceIamInstanceProfileAssociation,
  ResetNetworkInterfaceAttribute: resetNetworkInterfaceAttribute,
  RestoreManagedPrefixListVersion: restoreManagedPrefixListVersion,
  RevokeSecurityGroupEgress: revokeSecurityGroupEgress,
  RevokeSecurityGroupIngress: revokeSecurityGroupIngress,
  RunInstances: runInstances,
  StartInstances: startInstances,
  StartNetworkInsightsAnalysis: startNetworkInsightsAnalysis,
  StopInstances: stopInstances,
  TerminateInstances: terminateInstances,
  UnassignIpv6Addresses: unassignIpv6Addresses,
  UnassignPrivateIpAddresses: unassignPrivateIpAddresses,
  UpdateSecurityGroupRuleDescriptionsEgress: updateSecurityGroupRuleDescriptionsEgress,
  UpdateSecurityGroupRuleDescriptionsIngress: updateSecurityGroupRuleDescriptionsIngress,
};
