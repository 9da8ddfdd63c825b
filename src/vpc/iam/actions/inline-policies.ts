import { Ec2Error } from '../../../ec2/error.ts';
import type { Handler } from '../../context.ts';
import { changeIdentity, mustIdentity, type IdentityKind } from './identities.ts';
import { checkDocument, checkName, encodeDocument, iamPage, type PageRequest } from './names.ts';

/** Requests about one inline policy of a user or role. */
interface PolicyRequest {
  readonly RoleName?: string | undefined;
  readonly UserName?: string | undefined;
  readonly PolicyName?: string | undefined;
  readonly PolicyDocument?: string | undefined;
}

const MAX_DOCUMENT = 10_240;
const MAX_POLICY_NAME = 128;

/** The actions on inline policies of one kind of identity. */
export interface InlinePolicyActions {
  readonly put: Handler<PolicyRequest, void>;
  readonly get: Handler<PolicyRequest, object>;
  readonly remove: Handler<PolicyRequest, void>;
  readonly list: Handler<PolicyRequest & PageRequest, object>;
}

/** Put, Get, Delete and List, for roles or for users. */
export function inlinePolicyActions(kind: IdentityKind): InlinePolicyActions {
  const nameIn = (input: PolicyRequest): string => input[kind.member] ?? '';
  const missing = (policy: string): Ec2Error =>
    new Ec2Error('NoSuchEntity', `The ${kind.noun} policy with name ${policy} cannot be found.`);
  return {
    put: async (input, call) => {
      const policy = checkName('policyName', input.PolicyName, MAX_POLICY_NAME);
      const document = checkDocument(input.PolicyDocument, MAX_DOCUMENT);
      await changeIdentity(call, kind, nameIn(input), {
        change: (spec) => ({
          ...spec,
          inlinePolicies: { ...spec.inlinePolicies, [policy]: document },
        }),
      });
    },
    get: (input, call) => {
      const { PolicyName: policy = '' } = input;
      const { spec } = mustIdentity(call, kind, nameIn(input));
      const documents = new Map(Object.entries(spec.inlinePolicies ?? {}));
      const document = documents.get(policy);
      if (document === undefined) throw missing(policy);
      return {
        [kind.member]: spec.name,
        PolicyName: policy,
        PolicyDocument: encodeDocument(document),
      };
    },
    remove: async (input, call) => {
      const { PolicyName: policy = '' } = input;
      await changeIdentity(call, kind, nameIn(input), {
        change: (spec) => {
          const rest = Object.entries(spec.inlinePolicies ?? {}).filter(
            ([name]) => name !== policy,
          );
          if (rest.length === Object.keys(spec.inlinePolicies ?? {}).length) throw missing(policy);
          return { ...spec, inlinePolicies: Object.fromEntries(rest) };
        },
      });
    },
    list: (input, call) => {
      const { spec } = mustIdentity(call, kind, nameIn(input));
      const names = Object.keys(spec.inlinePolicies ?? {});
      const { items, rest } = iamPage(names, input, (name) => name);
      return { PolicyNames: items, ...rest };
    },
  };
}
