import type {
  IamInstanceProfile as ProfileView,
  IamInstanceProfileSpecification,
} from '@aws-sdk/client-ec2';
import type { IamInstanceProfile } from '../../api/iam/instance-profile.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Place } from '../context.ts';
import { iamArn } from '../iam/actions/views.ts';
import { invalidValue } from '../own.ts';

/** The ARN of the profile that a request names, which must exist; absent: none is named. */
export function profileArn(
  place: Place,
  { Arn: arn, Name: name }: IamInstanceProfileSpecification = {},
): string | undefined {
  if (arn === undefined && name === undefined) return undefined;
  if (arn !== undefined && name !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'",
    );
  const profile = ownProfiles(place).find((each) =>
    arn === undefined ? each.spec.name === name : arnOf(each) === arn,
  );
  if (profile !== undefined) return arnOf(profile);
  throw invalidValue(
    arn === undefined
      ? `Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`
      : `Value (${arn}) for parameter iamInstanceProfile.arn is invalid. Invalid IAM Instance Profile ARN`,
  );
}

/** A profile as instances show it; its id is absent when it was deleted since. */
export function profileOf(place: Place, arn: string | undefined): ProfileView | undefined {
  if (arn === undefined) return undefined;
  return { Arn: arn, Id: ownProfiles(place).find((each) => arnOf(each) === arn)?.spec.uniqueId };
}

function ownProfiles({ store, accountId }: Place): readonly IamInstanceProfile[] {
  return store.iam.profiles.table.by('account', accountId);
}

function arnOf({ spec }: IamInstanceProfile): string {
  return iamArn('instance-profile', spec);
}
