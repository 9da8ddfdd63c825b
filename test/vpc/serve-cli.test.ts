import { execFile } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { KEY, startServe, type ServeProcess } from './serve-process.ts';

const run = promisify(execFile);
const noCli = await run('aws', ['--version']).then(
  () => undefined,
  (error: unknown) => String((error as NodeJS.ErrnoException).code ?? error),
);
if (noCli !== undefined) process.stdout.write(`Skipped: no aws CLI on PATH (${noCli})\n`);

const ISSUER = 'https://oidc.example/id/SERVE';
const ACCOUNT = '111122223333';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

let folder: string;
let served: ServeProcess;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trunkline-serve-cli-'));
  const jwks = { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'k' }] };
  writeFileSync(join(folder, 'jwks.json'), JSON.stringify(jwks));
  writeFileSync(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nMIIB\n');
  served = await startServe(
    '--seed=default-vpcs',
    `--oidc-issuer=${ISSUER}=${join(folder, 'jwks.json')}`,
    '--eks-endpoint=https://kube.example:6443',
    `--eks-ca=${join(folder, 'ca.pem')}`,
  );
});
afterAll(async () => {
  await served.end('SIGTERM');
  rmSync(folder, { recursive: true });
});

interface Identity {
  readonly AWS_ACCESS_KEY_ID: string;
  readonly AWS_SECRET_ACCESS_KEY: string;
  readonly AWS_SESSION_TOKEN?: string;
}
const ADMIN: Identity = {
  AWS_ACCESS_KEY_ID: KEY.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
};

function environment(who: Identity): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: folder,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: served.url,
    AWS_MAX_ATTEMPTS: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    ...who,
  };
}

// oxlint-disable-next-line typescript/no-explicit-any
type Json = any;

async function awsAs(who: Identity, line: string, ...more: string[]): Promise<Json> {
  const { stdout } = await run('aws', [...line.split(' '), ...more, '--output', 'json'], {
    env: environment(who),
  });
  return stdout.trim() === '' ? undefined : JSON.parse(stdout);
}
const aws = (line: string, ...more: string[]): Promise<Json> => awsAs(ADMIN, line, ...more);

function identityOf({ Credentials: made }: Json): Identity {
  return {
    AWS_ACCESS_KEY_ID: made.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: made.SecretAccessKey,
    AWS_SESSION_TOKEN: made.SessionToken,
  };
}

function token(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: ISSUER, sub: 'system:serviceaccount:a:b', aud: 'sts.amazonaws.com' };
  const text = `${part({ alg: 'RS256', kid: 'k' })}.${part({ ...claims, exp: 9_999_999_999 })}`;
  return `${text}.${sign('sha256', Buffer.from(text), keys.privateKey).toString('base64url')}`;
}

const policy = (...Statement: object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement });

describe.skipIf(noCli !== undefined)('vpc serve and the aws CLI', { timeout: 60_000 }, () => {
  test('a service account gets keys, may do what its role may, and is told what it may not', async () => {
    await aws(
      'iam create-role --role-name pod --assume-role-policy-document',
      policy({
        Effect: 'Allow',
        Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc.example/id/SERVE` },
        Action: 'sts:AssumeRoleWithWebIdentity',
      }),
    );
    await aws(
      'iam put-role-policy --role-name pod --policy-name p --policy-document',
      policy({ Effect: 'Allow', Action: 'ec2:Describe*', Resource: '*' }),
    );
    const assume = `sts assume-role-with-web-identity --role-arn arn:aws:iam::${ACCOUNT}:role/pod`;
    const pod = identityOf(
      await aws(`${assume} --role-session-name one --web-identity-token ${token()}`),
    );
    expect((await awsAs(pod, 'ec2 describe-vpcs')).Vpcs).toHaveLength(1);
    const denied = await awsAs(pod, 'ec2 create-vpc --cidr-block 10.0.0.0/16').catch(
      (error: unknown) => (error as { stderr: string }).stderr,
    );
    expect(denied).toMatch(/UnauthorizedOperation.*is not authorized to perform: ec2:CreateVpc/s);
    const encoded = /Encoded authorization failure message: (\S+)/.exec(String(denied))?.[1] ?? '';
    const opened = await aws(`sts decode-authorization-message --encoded-message ${encoded}`);
    expect(JSON.parse(opened.DecodedMessage)).toMatchObject({
      allowed: false,
      explicitDeny: false,
      context: {
        principal: { arn: `arn:aws:sts::${ACCOUNT}:assumed-role/pod/one` },
        action: 'ec2:CreateVpc',
      },
    });
    // Not for the one who was denied, unless allowed to.
    const own = awsAs(pod, `sts decode-authorization-message --encoded-message ${encoded}`);
    await expect(own).rejects.toThrow(/AccessDenied/);
  });

  test('OpenID Connect providers are made and shown', async () => {
    const list = ['--client-id-list', 'sts.amazonaws.com', '--thumbprint-list', 'a'.repeat(40)];
    const url = 'https://oidc.eks.us-east-1.amazonaws.com/id/ABC';
    const made = await aws(`iam create-open-id-connect-provider --url ${url}`, ...list);
    const arn = made.OpenIDConnectProviderArn as string;
    expect(arn).toBe(`arn:aws:iam::${ACCOUNT}:oidc-provider/${url.slice(8)}`);
    const get = `iam get-open-id-connect-provider --open-id-connect-provider-arn ${arn}`;
    expect(await aws(get)).toMatchObject({ Url: url.slice(8), ClientIDList: [list[1]] });
  });

  test('a kubeconfig of eks update-kubeconfig signs in to the Kubernetes API that was named', async () => {
    const { Subnets: subnets } = await aws('ec2 describe-subnets');
    const [one, two] = (subnets as { SubnetId: string }[]).map((each) => each.SubnetId);
    const role = `arn:aws:iam::${ACCOUNT}:role/eks`;
    await aws(
      `eks create-cluster --name demo --role-arn ${role}`,
      '--resources-vpc-config',
      `subnetIds=${one},${two}`,
    );
    const file = join(folder, 'config');
    const update = ['eks', 'update-kubeconfig', '--name', 'demo', '--kubeconfig', file];
    await run('aws', update, { env: environment(ADMIN) });
    const config = parse(readFileSync(file, 'utf8'));
    expect(config.clusters[0].cluster).toEqual({
      server: 'https://kube.example:6443',
      'certificate-authority-data': readFileSync(join(folder, 'ca.pem')).toString('base64'),
    });
    const { command, args } = config.users[0].user.exec as { command: string; args: string[] };
    const { stdout } = await run(command, args, { env: environment(ADMIN) });
    const spec = { token: JSON.parse(stdout).status.token };
    const review = async (cluster: string): Promise<Json> => {
      const body = JSON.stringify({ kind: 'TokenReview', spec });
      const url = `${served.url}/_trunkline/token-review?cluster=${cluster}`;
      return ((await (await fetch(url, { method: 'POST', body })).json()) as Json).status;
    };
    expect(await review('demo')).toMatchObject({
      authenticated: true,
      user: { username: `arn:aws:iam::${ACCOUNT}:user/admin` },
    });
    expect(await review('other')).toMatchObject({ authenticated: false });
  });
});
