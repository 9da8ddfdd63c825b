import { Ec2Error } from '../../ec2/error.ts';
import type { Call } from '../context.ts';
import { ec2Uses, type ResourceUse } from './ec2-requests.ts';
import { authorizationMessage } from './authorization-message.ts';
import { evaluate, type Decision } from './evaluate.ts';
import type { Facts } from './evaluate-match.ts';
import { iamUses, passRoleUses, profileRole, stsUses } from './iam-requests.ts';
import { layersOf } from './permissions.ts';
import { requestFacts } from './request-facts.ts';

/** What a decoded request does, resource by resource. */
export function usesOf(
  call: Call,
  action: string,
  input: Readonly<Record<string, unknown>>,
): readonly ResourceUse[] {
  const { service } = call.caller;
  if (service === 'ec2')
    return [...ec2Uses(call, action, input), ...passRoleUses(call, profileRole(call, input))];
  return service === 'iam' ? iamUses(call, action, input) : stsUses(action);
}

/**
 * Throws unless the caller's policies allow every one of the uses. The account itself and bootstrap
 * credentials may do everything. An unsigned request is judged by the action that takes it.
 */
export function authorize(call: Call, uses: () => readonly ResourceUse[]): void {
  const { principal } = call.caller;
  if (principal.kind === 'root' || principal.kind === 'anonymous') return;
  for (const use of uses()) {
    const decision = decide(call, use);
    if (decision.effect !== 'allow') throw denied(call, use, decision);
  }
}

/** What the caller's policies say about one use. */
export function decide(call: Call, use: ResourceUse): Decision {
  const facts = factsOf(call, use);
  const { action, resource } = use;
  return evaluate(layersOf(call.store.iam, call.caller.principal), { action, resource, facts });
}

/** The facts of a request and of one resource, by key in lower case; looked up when first asked. */
export function factsOf(call: Call, use: Pick<ResourceUse, 'facts'>): Facts {
  let facts: Facts | undefined;
  return { get: (key) => (facts ??= gather(call, use)).get(key) };
}

function gather(call: Call, use: Pick<ResourceUse, 'facts'>): Facts {
  return new Map(
    [...requestFacts(call), ...use.facts].map(([key, values]) => [key.toLowerCase(), values]),
  );
}

function denied(call: Call, use: ResourceUse, decision: Decision): Ec2Error {
  const reason = reasonText(call, use, decision);
  if (call.caller.service !== 'ec2') return new Ec2Error('AccessDenied', reason);
  const message = call.sealer.seal('authorization', {
    account: call.accountId,
    message: authorizationMessage(call, use, decision),
  });
  return new Ec2Error(
    'UnauthorizedOperation',
    `You are not authorized to perform this operation. ${reason}. Encoded authorization failure message: ${message}`,
  );
}

function reasonText(
  { caller }: Call,
  { action, resource }: ResourceUse,
  { effect }: Decision,
): string {
  const who = `User: ${caller.principal.arn} is not authorized to perform: ${action}`;
  const why =
    effect === 'explicit-deny'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action`;
  return `${who} on resource: ${resource} ${why}`;
}
