import type {
  CreatePolicyRequest,
  CreatePolicyResponse,
  DeletePolicyRequest,
  GetPolicyRequest,
  GetPolicyResponse,
  ListPoliciesRequest,
  ListPoliciesResponse,
  Policy,
} from '@aws-sdk/client-iam';
import type { IamPolicy } from '../../../api/iam/policy.ts';
import { Ec2Error } from '../../../ec2/error.ts';
import { newIamId } from '../../auth/new-keys.ts';
import { compact } from '../../compact.ts';
import { nowText, type Call, type Handler } from '../../context.ts';
import { iamObjectName } from '../iam-store.ts';
import { AWS_POLICIES, awsPolicy } from '../managed-policies.ts';
import { customerPolicy } from '../permissions.ts';
import { policyLock } from './identities.ts';
import { checkDocument, checkName, checkPath, iamPage, mergeIamTags, ownUnder } from './names.ts';
import { attachmentCount, awsPolicyView, iamArn, iamTags, policyView } from './views.ts';

const MAX_NAME = 128;
/** Longest document of a managed policy, without white space. */
export const MAX_MANAGED_DOCUMENT = 6144;

/** iam CreatePolicy. */
export const createPolicy: Handler<CreatePolicyRequest, CreatePolicyResponse> = (input, call) => {
  const { store } = call;
  const name = checkName('policyName', input.PolicyName, MAX_NAME);
  const createdAt = nowText(call);
  const document = checkDocument(input.PolicyDocument, MAX_MANAGED_DOCUMENT, 'managed');
  const spec = compact<IamPolicy['spec']>({
    account: call.accountId,
    uniqueId: newIamId(call.random, 'ANPA'),
    path: checkPath(input.Path),
    createdAt,
    updatedAt: createdAt,
    name,
    description: input.Description,
    versions: [{ versionId: 'v1', document, createdAt }],
    defaultVersionId: 'v1',
    lastVersion: 1,
    tags: mergeIamTags({}, input.Tags),
  });
  const exclusive = [`iam-policy-name:${iamObjectName(call.accountId, name)}`];
  return store.locks.hold({ exclusive }, async () => {
    const objectName = iamObjectName(call.accountId, name);
    const exists = new Ec2Error(
      'EntityAlreadyExists',
      `A policy called ${name} already exists. Duplicate names are not allowed.`,
    );
    if (store.iam.policies.get(objectName) !== undefined) throw exists;
    const policy = await store.iam.policies.create({ metadata: { name: objectName }, spec });
    if (policy.spec.uniqueId !== spec.uniqueId) throw exists;
    const { Description: _description, ...view } = policyView(call, policy);
    return { Policy: view };
  });
};

/** The caller's own policy with this ARN; throws NoSuchEntity. */
export function mustPolicy({ store, accountId }: Call, arn: string): IamPolicy {
  const policy = customerPolicy(store.iam, arn);
  if (policy?.spec.account === accountId) return policy;
  throw new Ec2Error('NoSuchEntity', `Policy ${arn} was not found.`);
}

/** AWS's policies cannot be changed. */
export function refuseAwsPolicy(arn: string): void {
  if (arn.startsWith('arn:aws:iam::aws:'))
    throw new Ec2Error('AccessDenied', `Policy ${arn} is managed by AWS and cannot be changed.`);
}

/** iam GetPolicy. */
export const getPolicy: Handler<GetPolicyRequest, GetPolicyResponse> = (input, call) => {
  const aws = awsPolicy(input.PolicyArn ?? '');
  if (aws !== undefined) return { Policy: { ...awsPolicyView(call, aws), Tags: [] } };
  const policy = mustPolicy(call, input.PolicyArn ?? '');
  return { Policy: { ...policyView(call, policy), Tags: iamTags(policy.spec.tags) } };
};

/** iam ListPolicies. */
export const listPolicies: Handler<ListPoliciesRequest, ListPoliciesResponse> = (input, call) => {
  const { Scope: scope = 'All', PathPrefix: prefix = '/' } = input;
  const aws = AWS_POLICIES.filter(({ path }) => path.startsWith(prefix));
  const own = ownUnder(call, call.store.iam.policies.table, input);
  const all: Policy[] = [
    ...(scope === 'Local' ? [] : aws.map((policy) => awsPolicyView(call, policy))),
    ...(scope === 'AWS' ? [] : own.map((policy) => policyView(call, policy))),
  ];
  const wanted = all.filter(
    ({ AttachmentCount: count = 0 }) => input.OnlyAttached !== true || count > 0,
  );
  const { items, rest } = iamPage(wanted, input, ({ Arn = '' }) => Arn);
  // AWS leaves description and tags to GetPolicy.
  const views = items.map(({ Description: _description, Tags: _tags, ...view }) => view);
  return { Policies: views, ...rest };
};

/** iam DeletePolicy: refused while attached, or while it has other versions than the default. */
export const deletePolicy: Handler<DeletePolicyRequest, void> = async (input, call) => {
  const arn = input.PolicyArn ?? '';
  refuseAwsPolicy(arn);
  await call.store.locks.hold({ exclusive: [policyLock(arn)] }, async () => {
    const { metadata, spec } = mustPolicy(call, arn);
    if (attachmentCount(call, iamArn('policy', spec)) > 0 || isBoundary(call, arn))
      throw new Ec2Error('DeleteConflict', 'Cannot delete a policy attached to entities.');
    if (spec.versions.length > 1)
      throw new Ec2Error(
        'DeleteConflict',
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
      );
    await call.store.iam.policies.remove(metadata.name);
  });
};

function isBoundary({ store, accountId }: Call, arn: string): boolean {
  const { roles, users } = store.iam;
  return [...roles.table.by('account', accountId), ...users.table.by('account', accountId)].some(
    ({ spec }) => spec.permissionsBoundary === arn,
  );
}
