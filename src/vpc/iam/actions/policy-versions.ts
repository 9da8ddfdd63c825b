import type {
  CreatePolicyVersionRequest,
  CreatePolicyVersionResponse,
  DeletePolicyVersionRequest,
  GetPolicyVersionRequest,
  GetPolicyVersionResponse,
  ListPolicyVersionsRequest,
  ListPolicyVersionsResponse,
  PolicyVersion,
  SetDefaultPolicyVersionRequest,
} from '@aws-sdk/client-iam';
import type { IamPolicy } from '../../../api/iam/policy.ts';
import { Ec2Error } from '../../../ec2/error.ts';
import { nowText, type Call, type Handler } from '../../context.ts';
import { awsPolicy } from '../managed-policies.ts';
import { policyLock } from './identities.ts';
import { checkDocument, encodeDocument, iamPage } from './names.ts';
import { MAX_MANAGED_DOCUMENT, mustPolicy, refuseAwsPolicy } from './policies.ts';

const MAX_VERSIONS = 5;

interface Stored {
  readonly version: IamPolicy['spec']['versions'][number];
  readonly isDefault: boolean;
}

function versionsOf(call: Call, arn: string): Stored[] {
  const aws = awsPolicy(arn);
  if (aws !== undefined) return [{ version: aws, isDefault: true }];
  const { versions, defaultVersionId } = mustPolicy(call, arn).spec;
  return versions.map((version) => ({
    version,
    isDefault: version.versionId === defaultVersionId,
  }));
}

function versionView({ version, isDefault }: Stored): PolicyVersion {
  return {
    VersionId: version.versionId,
    IsDefaultVersion: isDefault,
    CreateDate: new Date(version.createdAt),
  };
}

function noVersion(arn: string, versionId: string | undefined): Ec2Error {
  return new Ec2Error(
    'NoSuchEntity',
    `Policy ${arn} version ${versionId} does not exist or is not attachable.`,
  );
}

/** iam GetPolicyVersion. */
export const getPolicyVersion: Handler<GetPolicyVersionRequest, GetPolicyVersionResponse> = (
  input,
  call,
) => {
  const arn = input.PolicyArn ?? '';
  const found = versionsOf(call, arn).find(({ version }) => version.versionId === input.VersionId);
  if (found === undefined) throw noVersion(arn, input.VersionId);
  const Document = encodeDocument(found.version.document);
  return { PolicyVersion: { Document, ...versionView(found) } };
};

/** iam ListPolicyVersions. */
export const listPolicyVersions: Handler<ListPolicyVersionsRequest, ListPolicyVersionsResponse> = (
  input,
  call,
) => {
  const all = versionsOf(call, input.PolicyArn ?? '');
  const { items, rest } = iamPage(all, input, ({ version }) => version.versionId);
  return { Versions: items.map(versionView), ...rest };
};

/** iam CreatePolicyVersion. */
export const createPolicyVersion: Handler<
  CreatePolicyVersionRequest,
  CreatePolicyVersionResponse
> = async (input, call) => {
  const document = checkDocument(input.PolicyDocument, MAX_MANAGED_DOCUMENT, 'managed');
  const createdAt = nowText(call);
  const policy = await changePolicy(call, input.PolicyArn ?? '', (spec) => {
    if (spec.versions.length >= MAX_VERSIONS)
      throw new Ec2Error(
        'LimitExceeded',
        'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
      );
    const lastVersion = (spec.lastVersion ?? spec.versions.length) + 1;
    const versionId = `v${lastVersion}`;
    return {
      ...spec,
      updatedAt: createdAt,
      lastVersion,
      versions: [...spec.versions, { versionId, document, createdAt }],
      ...(input.SetAsDefault === true && { defaultVersionId: versionId }),
    };
  });
  const version = policy.spec.versions.at(-1);
  if (version === undefined) throw noVersion(input.PolicyArn ?? '', undefined);
  const isDefault = policy.spec.defaultVersionId === version.versionId;
  return { PolicyVersion: versionView({ version, isDefault }) };
};

/** iam SetDefaultPolicyVersion. */
export const setDefaultPolicyVersion: Handler<SetDefaultPolicyVersionRequest, void> = async (
  input,
  call,
) => {
  const { PolicyArn: arn = '', VersionId: versionId = '' } = input;
  await changePolicy(call, arn, (spec) => {
    if (!spec.versions.some((each) => each.versionId === versionId))
      throw noVersion(arn, versionId);
    return { ...spec, defaultVersionId: versionId };
  });
};

/** iam DeletePolicyVersion: any but the default one. */
export const deletePolicyVersion: Handler<DeletePolicyVersionRequest, void> = async (
  input,
  call,
) => {
  const { PolicyArn: arn = '', VersionId: versionId } = input;
  await changePolicy(call, arn, (spec) => {
    if (spec.defaultVersionId === versionId)
      throw new Ec2Error('DeleteConflict', 'Cannot delete the default version of a policy.');
    const versions = spec.versions.filter((each) => each.versionId !== versionId);
    if (versions.length === spec.versions.length) throw noVersion(arn, versionId);
    return { ...spec, versions };
  });
};

function changePolicy(
  call: Call,
  arn: string,
  change: (spec: IamPolicy['spec']) => IamPolicy['spec'],
): Promise<IamPolicy> {
  refuseAwsPolicy(arn);
  return call.store.locks.hold({ exclusive: [policyLock(arn)] }, () =>
    call.store.iam.policies.update(mustPolicy(call, arn).metadata.name, (current) => ({
      ...current,
      spec: change(current.spec),
    })),
  );
}
