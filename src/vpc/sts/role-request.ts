import type { IamRole } from '../../api/iam/role.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Session } from '../auth/principal.ts';
import type { Call } from '../context.ts';
import { iamObjectName } from '../iam/iam-store.ts';
import { managedDocument } from '../iam/permissions.ts';
import { parsePolicy } from '../iam/policy-document.ts';

const SHORTEST_SECONDS = 900;
const LONGEST_SECONDS = 43_200;
const USUAL_SECONDS = 3600;
const MAX_POLICY_LENGTH = 2048;

/** The role with this ARN, in any account; undefined when there is none. */
export function roleByArn({ store }: Call, arn: string): IamRole | undefined {
  const match = /^arn:aws:iam::(\d{12}):role(\/(?:[!-~]+\/)?)([\w+=,.@-]+)$/.exec(arn);
  if (match === null) throw new Ec2Error('ValidationError', `${arn} is invalid`);
  const [, account = '', path, name = ''] = match;
  const role = store.iam.roles.get(iamObjectName(account, name));
  if (role === undefined || role.spec.path !== path || role.spec.name !== name) return undefined;
  return role;
}

/** Refuses a session name that cannot be part of an ARN. */
export function checkSessionName(name = ''): string {
  if (/^[\w+=,.@-]{2,64}$/.test(name)) return name;
  const rule =
    name.length >= 2 && name.length <= 64
      ? 'satisfy regular expression pattern: [\\w+=,.@-]*'
      : 'have length between 2 and 64';
  throw constraint(name, 'roleSessionName', rule);
}

/** How long the session lasts; a role assumed by a role gets an hour at most. */
export function sessionSeconds(
  role: IamRole,
  wanted: number | undefined,
  chained: boolean,
): number {
  if (wanted === undefined) return USUAL_SECONDS;
  checkSeconds(wanted, LONGEST_SECONDS);
  if (chained && wanted > USUAL_SECONDS)
    throw new Ec2Error(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    );
  if (wanted > (role.spec.maxSessionSeconds ?? USUAL_SECONDS))
    throw new Ec2Error(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  return wanted;
}

/** Refuses a duration below 15 minutes or above `longest`. */
export function checkSeconds(wanted: number, longest: number): void {
  if (wanted < SHORTEST_SECONDS)
    throw constraint(
      String(wanted),
      'durationSeconds',
      `have value greater than or equal to ${SHORTEST_SECONDS}`,
    );
  if (wanted > longest)
    throw constraint(
      String(wanted),
      'durationSeconds',
      `have value less than or equal to ${longest}`,
    );
}

/** The policies that narrow down a session. */
export function sessionPolicies(
  call: Call,
  input: {
    readonly Policy?: string | undefined;
    readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined;
  },
): Pick<Session, 'policies' | 'policyArns'> {
  const policyArns = (input.PolicyArns ?? []).flatMap(({ arn }) => arn ?? []);
  const missing = policyArns.find((arn) => managedDocument(call.store.iam, arn) === undefined);
  if (missing !== undefined)
    throw new Ec2Error('MalformedPolicyDocument', `Policy ${missing} does not exist.`);
  const policies = input.Policy === undefined ? [] : [checkPolicy(input.Policy)];
  return {
    ...(policies.length > 0 && { policies }),
    ...(policyArns.length > 0 && { policyArns }),
  };
}

function checkPolicy(text: string): string {
  if (text.length > MAX_POLICY_LENGTH)
    throw new Ec2Error('PackedPolicyTooLarge', 'The session policy is too large.');
  const policy = parsePolicy(text);
  if (!policy.ok) throw new Ec2Error('MalformedPolicyDocument', policy.error);
  return text;
}

function constraint(value: string, member: string, rule: string): Ec2Error {
  return new Ec2Error(
    'ValidationError',
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${rule}`,
  );
}
