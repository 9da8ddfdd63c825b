import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

const run = promisify(execFile);
const noCli = await run('aws', ['--version']).then(
  () => undefined,
  (error: unknown) => String((error as NodeJS.ErrnoException).code ?? error),
);
if (noCli !== undefined) process.stdout.write(`Skipped: no aws CLI on PATH (${noCli})\n`);

const ISSUER = 'https://oidc.example/id/CLI';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ADMIN = {
  AWS_ACCESS_KEY_ID: TEST_KEY.accessKeyId,
  AWS_SECRET_ACCESS_KEY: TEST_KEY.secretAccessKey,
};

let api: TestApi;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-iam-'));
  const publicKeys = [keys.publicKey.export({ format: 'jwk' })];
  const oidcIssuers = [{ issuer: ISSUER, keys: () => Promise.resolve(publicKeys) }];
  api = await startTestApi({ oidcIssuers });
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

async function awsAs(who: NodeJS.ProcessEnv, ...args: string[]): Promise<Json> {
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: api.endpoint,
    AWS_MAX_ATTEMPTS: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    ...who,
  };
  const { stdout } = await run('aws', [...args, '--output', 'json'], { env });
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}

const aws = (...args: string[]): Promise<Json> => awsAs(ADMIN, ...args);

function errorOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'no error',
    (error: unknown) => (error as { stderr: string }).stderr.trim(),
  );
}

/** Sends a URL that was made for AWS to our own port, with the host that was signed. */
function get(url: URL, headers: Record<string, string>): Promise<string> {
  const { port } = new URL(api.endpoint);
  const path = `${url.pathname}${url.search}`;
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers: { ...headers, host: url.host } };
    request(options, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

function trust(principal: object, action: string): string {
  const statement = { Effect: 'Allow', Principal: principal, Action: action };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

describe.skipIf(noCli !== undefined)('the aws CLI', { timeout: 60_000 }, () => {
  test('follows the EKS guide: a role for the cluster with its managed policy', async () => {
    const document = trust({ Service: 'eks.amazonaws.com' }, 'sts:AssumeRole');
    const file = join(folder, 'trust.json');
    writeFileSync(file, document);
    const { Role } = await aws(
      'iam',
      'create-role',
      '--role-name',
      'eksClusterRole',
      '--assume-role-policy-document',
      `file://${file}`,
    );
    expect(Role.AssumeRolePolicyDocument).toEqual(JSON.parse(document));
    const policy = 'arn:aws:iam::aws:policy/AmazonEKSVPCResourceController';
    const role = ['--role-name', 'eksClusterRole'];
    await aws('iam', 'attach-role-policy', '--policy-arn', policy, ...role);
    expect(await aws('iam', 'list-attached-role-policies', ...role)).toEqual({
      AttachedPolicies: [{ PolicyName: 'AmazonEKSVPCResourceController', PolicyArn: policy }],
    });
    const version = ['--policy-arn', policy, '--version-id', 'v1'];
    const { PolicyVersion } = await aws('iam', 'get-policy-version', ...version);
    expect(PolicyVersion.Document.Statement[0].Condition).toEqual({
      'ForAnyValue:StringEquals': {
        'ec2:ResourceTag/eks:eni:owner': 'eks-vpc-resource-controller',
      },
    });
    expect(await errorOf(aws('iam', 'delete-role', ...role))).toContain(
      'An error occurred (DeleteConflict) when calling the DeleteRole operation: Cannot delete entity, must detach all policies first.',
    );
    await aws('iam', 'detach-role-policy', '--policy-arn', policy, ...role);
    await aws('iam', 'delete-role', ...role);
    expect(await errorOf(aws('iam', 'get-role', ...role))).toContain(
      'An error occurred (NoSuchEntity) when calling the GetRole operation: The role with name eksClusterRole cannot be found.',
    );
  });

  test('is denied, decodes why, gets a policy attached and succeeds', async () => {
    const document = trust({ AWS: '111122223333' }, 'sts:AssumeRole');
    const role = ['--role-name', 'builder'];
    await aws('iam', 'create-role', ...role, '--assume-role-policy-document', document);
    const { Credentials } = await aws(
      'sts',
      'assume-role',
      '--role-arn',
      'arn:aws:iam::111122223333:role/builder',
      '--role-session-name',
      'cli',
    );
    const session = {
      AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
      AWS_SESSION_TOKEN: Credentials.SessionToken,
    };
    const create = (): Promise<Json> =>
      awsAs(session, 'ec2', 'create-vpc', '--cidr-block', '10.0.0.0/16');
    const refused = await errorOf(create());
    expect(refused).toContain(
      'An error occurred (UnauthorizedOperation) when calling the CreateVpc operation: You are not authorized to perform this operation.',
    );
    const message = refused.split('failure message: ').at(-1) ?? '';
    const decoded = await aws('sts', 'decode-authorization-message', '--encoded-message', message);
    expect(JSON.parse(decoded.DecodedMessage).context).toMatchObject({
      action: 'ec2:CreateVpc',
      principal: { arn: 'arn:aws:sts::111122223333:assumed-role/builder/cli' },
    });
    const policy = 'arn:aws:iam::aws:policy/AmazonEC2FullAccess';
    await aws('iam', 'attach-role-policy', ...role, '--policy-arn', policy);
    expect((await create()).Vpc.CidrBlock).toBe('10.0.0.0/16');
    const token = await awsAs(session, 'eks', 'get-token', '--cluster-name', 'demo');
    const url = new URL(
      Buffer.from(token.status.token.slice('k8s-aws-v1.'.length), 'base64url').toString(),
    );
    expect(url.searchParams.get('X-Amz-Security-Token')).toBe(session.AWS_SESSION_TOKEN);
    const headers = { 'x-k8s-aws-id': 'demo' };
    expect(await get(url, headers)).toContain('assumed-role/builder/cli</Arn>');
    expect(await get(url, { 'x-k8s-aws-id': 'other' })).toContain('SignatureDoesNotMatch');
    url.searchParams.delete('X-Amz-Security-Token');
    expect(await get(url, headers)).toContain('InvalidClientTokenId');
  });

  test('signs in with the token of a service account, as pods do', async () => {
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = {
      iss: ISSUER,
      sub: 'system:serviceaccount:kube-system:aws-node',
      aud: 'sts.amazonaws.com',
      exp: Math.floor(Date.now() / 1000) + 600,
    };
    const text = `${part({ alg: 'RS256' })}.${part(claims)}`;
    const signature = sign('sha256', Buffer.from(text), keys.privateKey).toString('base64url');
    const file = join(folder, 'token');
    writeFileSync(file, `${text}.${signature}`);
    const provider = 'arn:aws:iam::111122223333:oidc-provider/oidc.example/id/CLI';
    const document = trust({ Federated: provider }, 'sts:AssumeRoleWithWebIdentity');
    const role = ['--role-name', 'aws-node'];
    await aws('iam', 'create-role', ...role, '--assume-role-policy-document', document);
    const pod = {
      AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/aws-node',
      AWS_WEB_IDENTITY_TOKEN_FILE: file,
      AWS_ROLE_SESSION_NAME: 'aws-node',
    };
    expect((await awsAs(pod, 'sts', 'get-caller-identity')).Arn).toBe(
      'arn:aws:sts::111122223333:assumed-role/aws-node/aws-node',
    );
  });
});
