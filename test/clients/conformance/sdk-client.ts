import * as ec2 from '@aws-sdk/client-ec2';
import * as eks from '@aws-sdk/client-eks';
import * as iam from '@aws-sdk/client-iam';
import * as sts from '@aws-sdk/client-sts';
import type { CallPlace, ConformanceClient, Outcome } from './client.ts';
import { isRecord } from './match.ts';
import type { Params } from './story.ts';

interface AnyClient {
  send(command: unknown): Promise<object>;
  destroy(): void;
}
type Constructor<T> = new (options: unknown) => T;
type Names = Readonly<Record<string, unknown>>;

const SERVICES: Readonly<Record<string, { readonly names: Names; readonly client: string }>> = {
  ec2: { names: ec2, client: 'EC2Client' },
  eks: { names: eks, client: 'EKSClient' },
  iam: { names: iam, client: 'IAMClient' },
  sts: { names: sts, client: 'STSClient' },
};

/** The AWS SDK for JavaScript v3. */
export function createSdkClient(): ConformanceClient {
  const clients = new Map<string, AnyClient>();
  const clientOf = (place: CallPlace, service: string): AnyClient => {
    const key = JSON.stringify([place, service]);
    const found = clients.get(key) ?? newClient(place, service);
    clients.set(key, found);
    return found;
  };
  return {
    name: 'sdk',
    call: (place, { service, action, params }) =>
      outcomeOf(async () => {
        const command = new (named<Constructor<object>>(service, `${action}Command`))(
          withBytes(params),
        );
        const { $metadata: _, ...data } = (await clientOf(place, service).send(command)) as Names;
        return plain(data);
      }),
    wait: (place, { waiter, params }) =>
      outcomeOf(async () => {
        const options = {
          client: clientOf(place, 'ec2'),
          maxWaitTime: 2,
          minDelay: 1,
          maxDelay: 1,
        };
        await named<Waiter>('ec2', `waitUntil${waiter}`)(options, params);
        return true;
      }),
    pages: (place, { action, params, pageSize }) =>
      outcomeOf(async () => {
        const options = { client: clientOf(place, 'ec2'), pageSize };
        const walk = named<Paginate>('ec2', `paginate${action}`)(options, params);
        return plain(await joined(walk));
      }),
    close: async () => {
      for (const client of clients.values()) client.destroy();
    },
  };
}

type Waiter = (options: object, params: Params) => Promise<unknown>;
type Paginate = (options: object, params: Params) => AsyncIterable<Names>;

function named<T>(service: string, name: string): T {
  const found = SERVICES[service]?.names[name];
  if (found === undefined) throw new Error(`The SDK for ${service} has no ${name}`);
  return found as T;
}

function newClient({ endpoint, region, keys }: CallPlace, service: string): AnyClient {
  const options = { endpoint, region, credentials: keys, maxAttempts: 1 };
  return new (named<Constructor<AnyClient>>(service, SERVICES[service]?.client ?? ''))(options);
}

/** The lists of all pages, one after the other. */
async function joined(pages: AsyncIterable<Names>): Promise<Names> {
  const lists: Record<string, unknown[]> = {};
  for await (const page of pages)
    for (const [name, value] of Object.entries(page))
      if (Array.isArray(value)) (lists[name] ??= []).push(...(value as unknown[]));
  return lists;
}

async function outcomeOf(act: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { ok: true, data: await act() };
  } catch (error) {
    const { name, message, $metadata, Code } = error as sts.STSServiceException & { Code?: string };
    // Errors that IAM's model names have a class, and the code beside it.
    return { ok: false, code: Code ?? name, message, status: $metadata?.httpStatusCode };
  }
}

function withBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (!isRecord(value)) return value;
  if (typeof value['$blob'] === 'string') return Buffer.from(value['$blob']);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withBytes(each)]));
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (!isRecord(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, plain(member)]));
}
