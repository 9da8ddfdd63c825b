import type { IpPermission } from '@aws-sdk/client-ec2';
import { Ec2Error } from '../../ec2/error.ts';

/** The two forms in which Authorize and Revoke take rules. */
export interface RulesRequest {
  readonly IpPermissions?: IpPermission[] | undefined;
  readonly IpProtocol?: string | undefined;
  readonly FromPort?: number | undefined;
  readonly ToPort?: number | undefined;
  readonly CidrIp?: string | undefined;
  readonly SourceSecurityGroupName?: string | undefined;
  readonly SourceSecurityGroupOwnerId?: string | undefined;
}

/** The permissions of a request, whichever form it has. */
export function permissionsOf(input: RulesRequest): readonly IpPermission[] {
  const flat = flatPermission(input);
  const nested = input.IpPermissions ?? [];
  if (flat !== undefined && nested.length > 0)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'The parameter ipPermissions may not be used with flat rule parameters',
    );
  if (flat === undefined && nested.length === 0)
    throw new Ec2Error('MissingParameter', 'The request must contain the parameter ipPermissions');
  return flat === undefined ? nested : [flat];
}

function flatPermission(input: RulesRequest): IpPermission | undefined {
  const { IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName: name } = input;
  if (IpProtocol === undefined && CidrIp === undefined && name === undefined) return undefined;
  if (CidrIp !== undefined && name !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'The parameter cidrIp may not be used with sourceSecurityGroupName',
    );
  return {
    IpProtocol,
    FromPort,
    ToPort,
    ...(CidrIp !== undefined && { IpRanges: [{ CidrIp }] }),
    ...(name !== undefined && {
      UserIdGroupPairs: [{ GroupName: name, UserId: input.SourceSecurityGroupOwnerId }],
    }),
  };
}
