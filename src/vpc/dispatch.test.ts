import { CreateVpcCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { KubeError } from '../api/kube-error.ts';
import { isEc2Error } from '../ec2/error.ts';
import { createEc2Client } from '../io/ec2-client.ts';
import { OTHER_KEY, startTestApi, TEST_KEY, type TestApi } from './testing.fake.ts';

let api: TestApi;
afterEach(() => api.close());

/** Sends bytes that no SDK would send. */
function post(body: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const sent = request(api.endpoint, { method: 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve([response.statusCode ?? 0, text]));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('requests without a valid signature', () => {
  test('get 401 from EC2 and 403 from STS, in the form of the service', async () => {
    api = await startTestApi();
    expect(await post('Action=DescribeVpcs&Version=2016-11-15')).toEqual([
      401,
      expect.stringContaining('<Response><Errors><Error><Code>AuthFailure</Code>'),
    ]);
    const guessed = api.client({ ...TEST_KEY, secretAccessKey: 'guess' });
    await expect(guessed.send(new DescribeVpcsCommand({}))).rejects.toMatchObject({
      name: 'AuthFailure',
      $metadata: { httpStatusCode: 401 },
    });
    const [status, text] = await post('Action=GetCallerIdentity&Version=2011-06-15');
    expect([status, text]).toEqual([
      403,
      expect.stringMatching(/<ErrorResponse.*<Code>MissingAuthenticationToken</),
    ]);
  });

  test.each([
    ['nothing', ''],
    ['nonsense', '%%%'],
    ['5001 parameters', Array.from({ length: 5001 }, (_, i) => `a${i}=1`).join('&')],
  ])('and with %s for a body get an error, not a crash', async (_what, body) => {
    api = await startTestApi();
    const [status, text] = await post(body);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(text).toContain('<Code>');
  });

  test('and a body of 10 MB get 413', async () => {
    api = await startTestApi();
    const answer = post('x'.repeat(10_000_000)).catch((error: NodeJS.ErrnoException) => error.code);
    const refused = await answer;
    expect([413, 'EPIPE', 'ECONNRESET']).toContain(Array.isArray(refused) ? refused[0] : refused);
    const [status] = await post('Action=DescribeVpcs');
    expect(status).toBe(401);
  });
});

describe('the envelope is checked first', () => {
  test.each([
    ['Version=2016-11-15', 400, 'MissingAction'],
    ['Action=&Version=2016-11-15', 400, 'MissingAction'],
    ['Action=FlyToTheMoon&Version=2016-11-15', 400, 'InvalidAction'],
    ['Action=toString&Version=2016-11-15', 400, 'InvalidAction'],
    ['Action=DescribeVpcs&Version=2011-06-15', 400, 'InvalidAction'],
    ['Action=DescribeVpcs&Version=2013-10-15', 401, 'AuthFailure'],
  ])('%s: %i %s', async (body, status, code) => {
    api = await startTestApi();
    expect(await post(body)).toEqual([status, expect.stringContaining(`<Code>${code}</Code>`)]);
  });
});

describe('what goes wrong behind the API', () => {
  test('a Kubernetes that is away gives 503, which clients try again', async () => {
    api = await startTestApi();
    let failures = 1;
    api.kube.beforeCall = (call) => {
      if (call.verb === 'create' && failures-- > 0)
        throw new KubeError('TooManyRequests', 'slow down', { status: 429 });
    };
    const once = api.client(TEST_KEY, 1).send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    await expect(once).rejects.toMatchObject({
      name: 'Unavailable',
      $metadata: { httpStatusCode: 503 },
    });
    failures = 1;
    const twice = api.client(TEST_KEY, 2).send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    expect((await twice).Vpc?.State).toBe('pending');
  });

  test('a bug gives 500 without its text, and a line in the log', async () => {
    api = await startTestApi();
    api.kube.beforeCall = () => {
      throw new TypeError('secret detail');
    };
    const broken = api.client().send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
    await expect(broken).rejects.toMatchObject({
      name: 'InternalError',
      message: 'An internal error has occurred',
    });
    expect(api.logged).toMatchObject([{ level: 'error', message: 'Request failed' }]);
  });
});

describe('the EC2 client of the controller', () => {
  test('raises Ec2Error with the code of AWS', async () => {
    api = await startTestApi();
    const client = createEc2Client({
      endpoint: api.endpoint,
      region: 'us-east-1',
      credentials: TEST_KEY,
    });
    expect(await client.describeSubnets({})).toMatchObject({ Subnets: [] });
    const missing = client.deleteNetworkInterface({ NetworkInterfaceId: 'eni-01234567' });
    await expect(missing).rejects.toSatisfy((error) =>
      isEc2Error(error, 'InvalidNetworkInterfaceID.NotFound'),
    );
    client.close();
  });

  test('says Unreachable when there is no answer', async () => {
    api = await startTestApi();
    const client = createEc2Client({
      endpoint: 'http://127.0.0.1:9',
      region: 'us-east-1',
      credentials: OTHER_KEY,
      maxAttempts: 1,
    });
    await expect(client.describeInstances({})).rejects.toMatchObject({
      code: 'Unreachable',
      retry: 'backoff',
    });
    client.close();
  });
});
