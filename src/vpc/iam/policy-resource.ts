const PARTITION = /^(?:aws(?:-[a-z-]+)?|\*)$/i;
const IAM_PATHS = [
  'user/',
  'federated-user/',
  'role/',
  'group/',
  'instance-profile/',
  'mfa/',
  'server-certificate/',
  'policy/',
  'sms-mfa/',
  'saml-provider/',
  'oidc-provider/',
  'report/',
  'access-report/',
];
/** Resources of S3 that belong to a region. */
const S3_REGIONAL = /^(?:accesspoint|job|storage-lens|access-grants)/;
const LEGACY = 'The policy failed legacy parsing';

/**
 * What is wrong with a resource of a statement, in AWS's words. Managed policies are looked at
 * closely, as AWS looks at them; others need only be ARNs.
 */
export function resourceProblem(resource: string, closely: boolean): string | undefined {
  if (/^(?:\*|\$\{)/.test(resource)) return undefined;
  if (!closely)
    return resource.startsWith('arn:') ? undefined : `Resource ${resource} ${NOT_AN_ARN}`;
  const [scheme, partition, ...rest] = resource.split(':');
  if (partition === undefined) return `Resource ${resource} ${NOT_AN_ARN}`;
  if (scheme !== 'arn' || !PARTITION.test(partition)) return badPartition(partition, rest);
  return arnProblem(resource, rest);
}

const NOT_AN_ARN = 'must be in ARN format or "*".';

function badPartition(partition: string, rest: readonly string[]): string {
  const padded = [...rest, ...Array<string>(Math.max(0, 4 - rest.length)).fill('*')];
  return `Partition "${partition}" is not valid for resource "arn:${partition}:${padded.join(':')}".`;
}

function arnProblem(resource: string, parts: readonly string[]): string | undefined {
  const [service, region, account, ...more] = parts;
  if (service === undefined)
    return 'Resource vendor must be fully qualified and cannot contain regexes.';
  // Short ones pass, such as `arn:aws:x`.
  if (service === '' || parts.length === 3) return LEGACY;
  if (account === undefined) return undefined;
  const name = more.join(':');
  if (service === 'iam') return iamProblem(resource, region, name);
  if (service === 's3' && region !== '' && !S3_REGIONAL.test(name))
    return `Resource ${resource} can not contain region information.`;
  return undefined;
}

function iamProblem(
  resource: string,
  region: string | undefined,
  name: string,
): string | undefined {
  if (region !== '') return `IAM resource ${resource} cannot contain region information.`;
  const isPath = /^[*?$]/.test(name) || IAM_PATHS.some((path) => name.startsWith(path));
  if (isPath || name === 'root') return undefined;
  return `IAM resource path must either be "*" or start with ${IAM_PATHS.join(', ')}.`;
}
