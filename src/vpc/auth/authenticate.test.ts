import { CreateTagsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../io/clock.ts';
import { createFakeKube } from '../../api/client.fake.ts';
import { cryptoRandom } from '../../io/random.ts';
import { createIamStore } from '../iam/iam-store.ts';
import { collectionsOver } from '../store/make-collection.ts';
import { createFindCredential } from './credentials.ts';
import { createSealer } from './sealer.ts';
import { createAuthenticate } from './authenticate.ts';
import { deriveSigningKey, type WireRequest } from './sigv4.ts';

const ACCOUNT = {
  accountId: '111122223333',
  accessKeyId: 'AKIATEST',
  secretAccessKey: 'secret',
  userName: 'admin',
};
const FIND = createFindCredential({
  accounts: [ACCOUNT],
  iam: createIamStore(collectionsOver(createFakeKube())),
  sealer: createSealer(new Uint8Array(32), cryptoRandom),
});
const MINUTE_MS = 60_000;

function at(offsetMs: number): Clock {
  return { ...systemClock, nowMs: () => Date.now() + offsetMs };
}

function authenticate(request: WireRequest, offsetMs = 0) {
  const isSts = `${request.query}${new TextDecoder().decode(request.body)}`.includes('2011-06-15');
  const check = createAuthenticate({ find: FIND, clock: at(offsetMs) });
  return check(request, isSts ? 'sts' : 'ec2');
}

/** The request that the JS SDK sends, caught before it leaves. */
async function signed(
  service: 'ec2' | 'sts' = 'ec2',
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = ACCOUNT,
): Promise<WireRequest> {
  let caught: WireRequest | undefined;
  const options = {
    region: 'eu-west-1',
    endpoint: 'http://localhost:4566',
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      ...(credentials.sessionToken !== undefined && { sessionToken: credentials.sessionToken }),
    },
    maxAttempts: 1,
    requestHandler: {
      handle: (request: { method: string; path: string; headers: object; body: string }) => {
        caught = {
          method: request.method,
          path: request.path,
          query: '',
          headers: new Map(Object.entries(request.headers)),
          body: new TextEncoder().encode(request.body),
        };
        const body = new TextEncoder().encode('<R><requestId>r</requestId></R>');
        return Promise.resolve({ response: { statusCode: 200, headers: {}, body } });
      },
    },
  } as object;
  if (service === 'sts') await new STSClient(options).send(new GetCallerIdentityCommand());
  else
    await new EC2Client(options).send(
      new CreateTagsCommand({ Resources: ['vpc-1'], Tags: [{ Key: "a b*'(ä)", Value: '%' }] }),
    );
  if (caught === undefined) throw new Error('The SDK sent nothing');
  return caught;
}

function withHeader(request: WireRequest, name: string, value: string | undefined): WireRequest {
  const headers = new Map(request.headers);
  if (value === undefined) headers.delete(name);
  else headers.set(name, value);
  return { ...request, headers };
}

const AUTH_FAILURE = expect.objectContaining({
  code: 'AuthFailure',
  message: 'AWS was not able to validate the provided access credentials',
});

describe('a request of the SDK', () => {
  test('is accepted, with account, region and service', async () => {
    expect(authenticate(await signed())).toMatchObject({
      account: { accountId: '111122223333', accessKeyId: 'AKIATEST', userName: 'admin' },
      principal: {
        kind: 'root',
        accountId: '111122223333',
        arn: 'arn:aws:iam::111122223333:user/admin',
        userId: 'AKIATEST',
        name: 'admin',
      },
      region: 'eu-west-1',
      service: 'ec2',
    });
  });

  test('may have been signed up to 15 minutes ago, or ahead', async () => {
    const request = await signed();
    expect(() => authenticate(request, 14 * MINUTE_MS)).not.toThrow();
    expect(() => authenticate(request, -14 * MINUTE_MS)).not.toThrow();
  });

  test('has headers with runs of spaces signed as one space', async () => {
    const request = await signed();
    const agent = request.headers.get('x-amz-user-agent') ?? '';
    const spaced = withHeader(request, 'x-amz-user-agent', ` ${agent.replaceAll(' ', '   ')} `);
    expect(authenticate(spaced).service).toBe('ec2');
  });
});

describe('a request is refused', () => {
  test.each<[string, (request: WireRequest) => WireRequest]>([
    ['with another body', (r) => ({ ...r, body: new TextEncoder().encode('Action=DeleteVpc') })],
    [
      'with another body and its right hash',
      (r) => {
        const body = new TextEncoder().encode('Action=DeleteVpc');
        const hash = createHash('sha256').update(body).digest('hex');
        return withHeader({ ...r, body }, 'x-amz-content-sha256', hash);
      },
    ],
    ['with UNSIGNED-PAYLOAD', (r) => withHeader(r, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD')],
    ['for another host', (r) => withHeader(r, 'host', 'localhost:1')],
    ['without a header that was signed', (r) => withHeader(r, 'amz-sdk-request', undefined)],
    ['with another method', (r) => ({ ...r, method: 'PUT' })],
    ['with another path', (r) => ({ ...r, path: '/other' })],
    ['with a query that was not signed', (r) => ({ ...r, query: 'Action=DeleteVpc' })],
    [
      'with host left out of the signed headers',
      (r) =>
        withHeader(r, 'authorization', (r.headers.get('authorization') ?? '').replace(';host', '')),
    ],
    [
      'for another region',
      (r) =>
        withHeader(
          r,
          'authorization',
          (r.headers.get('authorization') ?? '').replace('eu-west-1', 'us-east-1'),
        ),
    ],
    [
      'for a service that we do not serve',
      (r) =>
        withHeader(
          r,
          'authorization',
          (r.headers.get('authorization') ?? '').replace('/ec2/', '/s3/'),
        ),
    ],
    ['without a signature', (r) => withHeader(r, 'authorization', undefined)],
    ['with nonsense for a signature', (r) => withHeader(r, 'authorization', 'AWS4-HMAC-SHA256 x')],
    ['with basic authentication', (r) => withHeader(r, 'authorization', 'Basic eDp5')],
  ])('%s', async (_how, tamper) => {
    const request = tamper(await signed());
    expect(() => authenticate(request)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^(AuthFailure|SignatureDoesNotMatch)$/),
      }),
    );
  });

  test('when the secret is wrong, the key unknown, or a long-term key comes with a token', async () => {
    const wrong = [
      { ...ACCOUNT, secretAccessKey: 'guess' },
      { ...ACCOUNT, accessKeyId: 'AKIANOBODY' },
      { ...ACCOUNT, sessionToken: 'token' },
    ];
    for (const credentials of wrong) {
      const request = await signed('ec2', credentials);
      expect(() => authenticate(request)).toThrow(AUTH_FAILURE);
    }
  });

  test('when it is older than 15 minutes, or 5 for STS', async () => {
    const [ec2, sts] = [await signed('ec2'), await signed('sts')];
    expect(() => authenticate(ec2, 16 * MINUTE_MS)).toThrow(
      expect.objectContaining({ code: 'RequestExpired' }),
    );
    expect(() => authenticate(sts, 6 * MINUTE_MS)).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch', message: 'Signature expired' }),
    );
  });

  test('with the codes of STS when it is for STS', async () => {
    const unknown = await signed('sts', { ...ACCOUNT, accessKeyId: 'AKIANOBODY' });
    expect(() => authenticate(unknown)).toThrow(
      expect.objectContaining({ code: 'InvalidClientTokenId' }),
    );
    const guessed = await signed('sts', { ...ACCOUNT, secretAccessKey: 'guess' });
    expect(() => authenticate(guessed)).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
  });
});

describe('a presigned request', () => {
  const nowText = (): string => new Date().toISOString().replace(/[-:]|\.\d+/g, '');

  /** Signs by hand, from the steps in AWS's description of SigV4. */
  function presigned(expires: string, extra = ''): WireRequest {
    const amzDate = nowText();
    const scope = { date: amzDate.slice(0, 8), region: 'us-east-1', service: 'sts' };
    const scopeText = `${scope.date}/us-east-1/sts/aws4_request`;
    const query = [
      'Action=GetCallerIdentity',
      'Version=2011-06-15',
      'X-Amz-Algorithm=AWS4-HMAC-SHA256',
      `X-Amz-Credential=${encodeURIComponent(`AKIATEST/${scopeText}`)}`,
      `X-Amz-Date=${amzDate}`,
      `X-Amz-Expires=${expires}`,
      'X-Amz-SignedHeaders=host%3Bx-k8s-aws-id',
    ].join('&');
    const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
    const canonical = `GET\n/\n${query}\nhost:h:1\nx-k8s-aws-id:demo\n\nhost;x-k8s-aws-id\n${hash('')}`;
    const signature = createHmac('sha256', deriveSigningKey('secret', scope))
      .update(`AWS4-HMAC-SHA256\n${amzDate}\n${scopeText}\n${hash(canonical)}`)
      .digest('hex');
    return {
      method: 'GET',
      path: '/',
      query: `${query}&X-Amz-Signature=${signature}${extra}`,
      headers: new Map([
        ['host', 'h:1'],
        ['x-k8s-aws-id', 'demo'],
      ]),
      body: new Uint8Array(),
    };
  }

  test('is accepted while it lives, and not after', () => {
    const request = presigned('60');
    expect(authenticate(request)).toMatchObject({ service: 'sts', region: 'us-east-1' });
    expect(authenticate(request, 59_000).service).toBe('sts');
    expect(() => authenticate(request, 62_000)).toThrow(
      expect.objectContaining({ message: 'Signature expired' }),
    );
  });

  test('is refused for another cluster than it was signed for', () => {
    expect(() => authenticate(withHeader(presigned('60'), 'x-k8s-aws-id', 'other'))).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
  });

  test.each(['0', '-1', '604801', 'x', ''])('is refused with X-Amz-Expires=%j', (expires) => {
    expect(() => authenticate(presigned(expires))).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
  });

  test('is refused with a parameter that was not signed', () => {
    expect(() => authenticate(presigned('60', '&Extra=1'))).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch' }),
    );
  });
});

test('the signing key is the one of the AWS documentation', () => {
  const key = deriveSigningKey('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', {
    date: '20150830',
    region: 'us-east-1',
    service: 'iam',
  });
  expect(key.export().toString('hex')).toBe(
    'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9',
  );
});
