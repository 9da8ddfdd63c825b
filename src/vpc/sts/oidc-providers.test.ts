import { createHash, generateKeyPairSync, sign, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import * as iam from '@aws-sdk/client-iam';
import * as sts from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFakeClock } from '../../base/clock.fake.ts';
import { createOidcKeys } from '../../io/oidc-keys.ts';
import { createPki } from '../../lab/kube/pki.ts';
import { OTHER_KEY, startTestApi, TEST_KEY, type TestApi } from '../testing.fake.ts';

const ACCOUNT = '111122223333';
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const clock = createFakeClock();

/** An issuer as clusters have it: its own authority, discovery and keys. */
interface Issuer {
  readonly server: Server;
  readonly url: string;
  readonly name: string;
  readonly thumbprint: string;
  /** Answers by path, as far as they are not as they should be. */
  wrong: Record<string, string>;
  keys: object[];
  asked: number;
}

let issuer: Issuer;
let api: TestApi;
let admin: iam.IAMClient;
let caller: sts.STSClient;

async function startIssuer(): Promise<Issuer> {
  const pki = await createPki();
  const { certPem, keyPem } = await pki.serverCertificate(['127.0.0.1']);
  const server = createServer({ cert: `${certPem}\n${pki.caPem}`, key: keyPem });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const name = `127.0.0.1:${(server.address() as AddressInfo).port}/id/ONE`;
  const fingerprint = new X509Certificate(pki.caPem).fingerprint;
  const made: Issuer = {
    server,
    name,
    url: `https://${name}`,
    thumbprint: fingerprint.replaceAll(':', '').toLowerCase(),
    wrong: {},
    keys: [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r' }],
    asked: 0,
  };
  server.on('request', ({ url = '' }, response) => {
    made.asked += 1;
    const answers: Record<string, string> = {
      '/id/ONE/.well-known/openid-configuration': JSON.stringify({
        issuer: made.url,
        jwks_uri: `${made.url}/keys`,
      }),
      '/id/ONE/keys': JSON.stringify({ keys: made.keys }),
      ...made.wrong,
    };
    response.statusCode = answers[url] === undefined ? 404 : 200;
    response.end(answers[url] ?? '');
  });
  return made;
}

beforeAll(async () => {
  issuer = await startIssuer();
  api = await startTestApi({ more: { fetchOidcKeys: createOidcKeys(clock) } });
  const options = { endpoint: api.endpoint, region: 'us-east-1', maxAttempts: 1 };
  admin = new iam.IAMClient({ ...options, credentials: TEST_KEY });
  caller = new sts.STSClient({ ...options, credentials: TEST_KEY });
});
afterAll(async () => {
  admin.destroy();
  caller.destroy();
  await api.close();
  issuer.server.closeAllConnections();
  issuer.server.close();
});
beforeEach(async () => {
  // What was fetched before is forgotten.
  await clock.advance(3_600_000);
  issuer.wrong = {};
});

function token(key = rsa.privateKey, kid = 'r', aud = 'sts.amazonaws.com'): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: issuer.url, sub: 'system:serviceaccount:a:b', aud, exp: 9_999_999_999 };
  const alg = key.asymmetricKeyType === 'rsa' ? 'RS256' : 'ES256';
  const signed = `${part({ alg, kid })}.${part(claims)}`;
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

function swap(WebIdentityToken: string): Promise<sts.AssumeRoleWithWebIdentityResponse> {
  return caller.send(
    new sts.AssumeRoleWithWebIdentityCommand({
      RoleArn: `arn:aws:iam::${ACCOUNT}:role/pod`,
      RoleSessionName: 'pod',
      WebIdentityToken,
    }),
  );
}

const create = (
  more: Partial<iam.CreateOpenIDConnectProviderRequest> = {},
): Promise<iam.CreateOpenIDConnectProviderResponse> =>
  admin.send(
    new iam.CreateOpenIDConnectProviderCommand({
      Url: issuer.url,
      ClientIDList: ['sts.amazonaws.com'],
      ThumbprintList: [issuer.thumbprint],
      ...more,
    }),
  );
const arn = (name = issuer.name): string => `arn:aws:iam::${ACCOUNT}:oidc-provider/${name}`;
const at = (name = issuer.name): { OpenIDConnectProviderArn: string } => ({
  OpenIDConnectProviderArn: arn(name),
});

describe('OpenID Connect providers', () => {
  test('are created, described, listed by account, changed and deleted', async () => {
    const made = await create({ Url: 'https://x.example/a/', Tags: [{ Key: 'k', Value: 'v' }] });
    expect(made).toMatchObject({
      OpenIDConnectProviderArn: arn('x.example/a'),
      Tags: [{ Key: 'k', Value: 'v' }],
    });
    const get = new iam.GetOpenIDConnectProviderCommand(at('x.example/a'));
    expect(await admin.send(get)).toMatchObject({
      Url: 'x.example/a',
      ClientIDList: ['sts.amazonaws.com'],
      ThumbprintList: [issuer.thumbprint],
      CreateDate: expect.any(Date) as unknown,
    });
    await expect(create({ Url: 'https://x.example/a' })).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      message: 'Provider with url https://x.example/a already exists.',
    });
    const more = { ...at('x.example/a'), ClientID: 'me' };
    await admin.send(new iam.AddClientIDToOpenIDConnectProviderCommand(more));
    await admin.send(new iam.AddClientIDToOpenIDConnectProviderCommand(more));
    const ThumbprintList = ['A'.repeat(40)];
    await admin.send(
      new iam.UpdateOpenIDConnectProviderThumbprintCommand({ ...more, ThumbprintList }),
    );
    expect(await admin.send(get)).toMatchObject({
      ClientIDList: ['sts.amazonaws.com', 'me'],
      ThumbprintList: ['a'.repeat(40)],
    });
    await admin.send(new iam.RemoveClientIDFromOpenIDConnectProviderCommand(more));
    expect((await admin.send(get)).ClientIDList).toEqual(['sts.amazonaws.com']);
    const list = new iam.ListOpenIDConnectProvidersCommand({});
    expect((await admin.send(list)).OpenIDConnectProviderList).toEqual([
      { Arn: arn('x.example/a') },
    ]);
    const options = { endpoint: api.endpoint, region: 'us-east-1', credentials: OTHER_KEY };
    const other = new iam.IAMClient(options);
    expect((await other.send(list)).OpenIDConnectProviderList).toEqual([]);
    await expect(other.send(get)).rejects.toMatchObject({ name: 'InvalidInputException' });
    other.destroy();
    const remove = new iam.DeleteOpenIDConnectProviderCommand(at('x.example/a'));
    await admin.send(remove);
    await admin.send(remove);
    await expect(admin.send(get)).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: `OpenIDConnect Provider not found for arn ${arn('x.example/a')}`,
    });
  });

  test.each<[string, Partial<iam.CreateOpenIDConnectProviderRequest>]>([
    ['plain http', { Url: 'http://x.example' }],
    ['no URL', { Url: 'x.example' }],
    ['a query', { Url: 'https://x.example?a=b' }],
    ['a long URL', { Url: `https://x.example/${'a'.repeat(250)}` }],
    ['a short thumbprint', { ThumbprintList: ['abc'] }],
    ['six thumbprints', { ThumbprintList: Array.from({ length: 6 }, () => 'a'.repeat(40)) }],
    ['an empty audience', { ClientIDList: [''] }],
  ])('are not created with %s', async (_what, input) => {
    await expect(create({ Url: 'https://y.example', ...input })).rejects.toMatchObject({
      name: 'InvalidInputException',
    });
  });
});

describe('tokens of a provider', () => {
  const refused = { name: 'IDPCommunicationErrorException' };
  beforeAll(async () => {
    const statement = {
      Effect: 'Allow',
      Principal: { Federated: arn() },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer.name}:sub`]: 'system:serviceaccount:a:b' } },
    };
    await admin.send(
      new iam.CreateRoleCommand({
        RoleName: 'pod',
        AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
      }),
    );
  });

  test('are taken once it exists, for its audiences, and no more once it is gone', async () => {
    await expect(swap(token())).rejects.toMatchObject({
      message: `No OpenIDConnect provider found in your account for ${issuer.url}`,
    });
    await create();
    const answer = await swap(token());
    expect(answer).toMatchObject({ Provider: arn(), Audience: 'sts.amazonaws.com' });
    expect(answer.AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/pod/pod`);
    await expect(swap(token(rsa.privateKey, 'r', 'me'))).rejects.toMatchObject({
      message: 'Incorrect token audience',
    });
    await admin.send(
      new iam.AddClientIDToOpenIDConnectProviderCommand({ ...at(), ClientID: 'me' }),
    );
    expect((await swap(token(rsa.privateKey, 'r', 'me'))).Audience).toBe('me');
  });

  test('are checked with keys that are fetched rarely, and soon again after a rotation', async () => {
    await swap(token());
    const { asked } = issuer;
    await Promise.all([swap(token()), swap(token()), swap(token())]);
    expect(issuer.asked).toBe(asked);
    issuer.keys = [{ ...ec.publicKey.export({ format: 'jwk' }), kid: 'e' }];
    await expect(swap(token(ec.privateKey, 'e'))).rejects.toThrow(/verify the signature/);
    await clock.advance(61_000);
    await swap(token(ec.privateKey, 'e'));
    await expect(swap(token())).rejects.toThrow(/verify the signature/);
    issuer.keys = [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'r' }];
  });

  const discovery = '/id/ONE/.well-known/openid-configuration';
  test.each<[string, Record<string, string>]>([
    ['is of another', { [discovery]: '{"issuer":"https://x","jwks_uri":"https://x"}' }],
    ['is no JSON', { [discovery]: '<html>' }],
    ['is null', { [discovery]: 'null' }],
    ['names no keys', { [discovery]: '{}' }],
    ['has keys that are none', { '/id/ONE/keys': '{"keys":1}' }],
    ['is too large', { '/id/ONE/keys': `{"keys":"${'a'.repeat(1_100_000)}"}` }],
  ])('are refused when the document %s, and taken when it is mended', async (_what, wrong) => {
    issuer.wrong = wrong;
    await expect(swap(token())).rejects.toMatchObject(refused);
    issuer.wrong = {};
    await swap(token());
  });

  test('are refused when neither the system nor a thumbprint vouches for the server', async () => {
    const thumbprint = (ThumbprintList: string[]): Promise<unknown> =>
      admin.send(new iam.UpdateOpenIDConnectProviderThumbprintCommand({ ...at(), ThumbprintList }));
    await thumbprint([createHash('sha1').update('another').digest('hex')]);
    await expect(swap(token())).rejects.toMatchObject(refused);
    await thumbprint([]);
    await expect(swap(token())).rejects.toMatchObject(refused);
    await thumbprint([issuer.thumbprint]);
    await swap(token());
    await admin.send(new iam.DeleteOpenIDConnectProviderCommand(at()));
    await expect(swap(token())).rejects.toThrow(/No OpenIDConnect provider found/);
  });
});
