import type { LabAccess, LabPort } from './lab-port.ts';
import type { Answer } from './command.ts';
import { chooseLab } from './lab-choice.ts';

/** Environment for kubectl, the AWS CLI and SDKs; undefined means: unset it. */
export type LabEnvironment = Readonly<Record<string, string | null>>;

/** Settings of the user's own AWS account that would win over, or mix with, the lab's. */
const UNSET = [
  'AWS_PROFILE',
  'AWS_DEFAULT_PROFILE',
  'AWS_SESSION_TOKEN',
  'AWS_SECURITY_TOKEN',
  'AWS_ROLE_ARN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CA_BUNDLE',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  'AWS_USE_FIPS_ENDPOINT',
  'AWS_USE_DUALSTACK_ENDPOINT',
] as const;

/**
 * The variables that point clients at a lab. The AWS CLI reads `AWS_ENDPOINT_URL` and
 * `AWS_ENDPOINT_URL_EC2` since 2.13; the empty `AWS_PAGER` keeps it from opening a pager.
 */
export function labEnvironment(access: LabAccess, kubeconfigPath: string): LabEnvironment {
  return {
    KUBECONFIG: kubeconfigPath,
    AWS_ENDPOINT_URL: access.ec2Endpoint,
    AWS_ENDPOINT_URL_EC2: access.ec2Endpoint,
    AWS_ACCESS_KEY_ID: access.accessKeyId,
    AWS_SECRET_ACCESS_KEY: access.secretAccessKey,
    AWS_DEFAULT_REGION: access.region,
    AWS_REGION: access.region,
    AWS_PAGER: '',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...Object.fromEntries(UNSET.map((name) => [name, null])),
  };
}

/** Shell lines for `eval "$(trunkline lab env)"`, good in any POSIX shell. */
export function renderEnvironment(environment: LabEnvironment): string {
  const lines = Object.entries(environment).map(([name, value]) =>
    value === null ? `unset ${name}` : `export ${name}=${quote(value)}`,
  );
  // The AWS CLI would send even requests to 127.0.0.1 through a proxy.
  return [...lines, 'export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"'].join('\n');
}

function quote(value: string): string {
  return /^[\w./:@%+=,-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}

/** `trunkline lab env`. */
export async function runLabEnv(
  lab: LabPort,
  name: string | undefined,
): Promise<Answer<LabEnvironment>> {
  const chosen = await chooseLab(lab, name);
  const access = await lab.access(chosen);
  const summary = (await lab.list()).find((each) => each.name === chosen);
  return {
    value: labEnvironment(access, summary?.kubeconfigPath ?? ''),
    text: renderEnvironment,
  };
}
