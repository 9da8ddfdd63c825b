/**
 * Which empty lists a response leaves out (spec: ec2-surface 1.2). Parsers tell an empty element
 * from a missing one: Python gives [] or no key, Go gives [] or nil. The default is to send the
 * element; these are the members that AWS leaves out when they are empty.
 */
export const OMITTED_WHEN_EMPTY: ReadonlySet<string> = new Set([
  'Instance.Tags',
  'Vpc.Tags',
  'Subnet.Tags',
  'SecurityGroup.Tags',
  'CreateSecurityGroupResult.Tags',
  'RevokeSecurityGroupIngressResult.UnknownIpPermissions',
  'RevokeSecurityGroupEgressResult.UnknownIpPermissions',
]);
