import { Ec2Error } from '../../../ec2/error.ts';
import type { Handler } from '../../context.ts';
import {
  changeIdentity,
  checkAttachable,
  mustIdentity,
  policyLock,
  type IdentityKind,
} from './identities.ts';
import { iamPage, type PageRequest } from './names.ts';

/** Requests about one managed policy of a user or role. */
interface AttachRequest {
  readonly RoleName?: string | undefined;
  readonly UserName?: string | undefined;
  readonly PolicyArn?: string | undefined;
}

const MAX_ATTACHED = 10;

/** The actions on managed policies of one kind of identity. */
export interface AttachedPolicyActions {
  readonly attach: Handler<AttachRequest, void>;
  readonly detach: Handler<AttachRequest, void>;
  readonly list: Handler<AttachRequest & PageRequest, object>;
}

/** Attach, Detach and ListAttached, for roles or for users. */
export function attachedPolicyActions(kind: IdentityKind): AttachedPolicyActions {
  const nameIn = (input: AttachRequest): string => input[kind.member] ?? '';
  return {
    attach: async (input, call) => {
      const arn = input.PolicyArn ?? '';
      await changeIdentity(call, kind, nameIn(input), {
        shared: [policyLock(arn)],
        change: (spec) => {
          checkAttachable(call, arn);
          const attached = spec.attachedPolicies ?? [];
          if (attached.includes(arn)) return spec;
          if (attached.length >= MAX_ATTACHED)
            throw new Ec2Error(
              'LimitExceeded',
              `Cannot exceed quota for PoliciesPer${kind.noun === 'role' ? 'Role' : 'User'}: ${MAX_ATTACHED}`,
            );
          return { ...spec, attachedPolicies: [...attached, arn] };
        },
      });
    },
    detach: async (input, call) => {
      const arn = input.PolicyArn ?? '';
      await changeIdentity(call, kind, nameIn(input), {
        change: (spec) => {
          const attached = spec.attachedPolicies ?? [];
          if (!attached.includes(arn))
            throw new Ec2Error('NoSuchEntity', `Policy ${arn} was not found.`);
          return { ...spec, attachedPolicies: attached.filter((each) => each !== arn) };
        },
      });
    },
    list: (input, call) => {
      const { spec } = mustIdentity(call, kind, nameIn(input));
      const under = (spec.attachedPolicies ?? []).filter((arn) =>
        pathOf(arn).startsWith(input.PathPrefix ?? '/'),
      );
      const { items, rest } = iamPage(under, input, (arn) => arn);
      const views = items.map((arn) => ({
        PolicyName: arn.slice(arn.lastIndexOf('/') + 1),
        PolicyArn: arn,
      }));
      return { AttachedPolicies: views, ...rest };
    },
  };
}

function pathOf(policyArn: string): string {
  const name = policyArn.slice(policyArn.indexOf(':policy') + ':policy'.length);
  return name.slice(0, name.lastIndexOf('/') + 1);
}
