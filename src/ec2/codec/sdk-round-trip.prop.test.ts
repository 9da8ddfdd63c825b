import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import * as sts from '@aws-sdk/client-sts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { structOf } from '../../../test/arbitrary/shapes.ts';
import { decodeRequest } from './decode.ts';
import { encodeResponse } from './envelope.ts';
import type { ActionModel, Model } from './model.ts';
import { parseParams } from './params.ts';
import { EC2_MODEL, IAM_MODEL, STS_MODEL } from './services.ts';

/**
 * The AWS SDK's own serializer and parser are the reference: what it sends, we must decode exactly;
 * what we send, it must read back exactly. For every action of the model.
 */
const ROUNDS_PER_ACTION = 5;

interface Sdk {
  send(command: unknown): Promise<object>;
}

interface Wire {
  body: string;
  answer: string;
}

const CLIENTS = {
  ec2: { sdk: ec2, Client: ec2.EC2Client, model: EC2_MODEL },
  sts: { sdk: sts, Client: sts.STSClient, model: STS_MODEL },
  iam: { sdk: iam, Client: iam.IAMClient, model: IAM_MODEL },
} as const;

function sdkOn(service: keyof typeof CLIENTS, wire: Wire): Sdk {
  const options = {
    region: 'us-east-1',
    endpoint: 'http://localhost',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    requestHandler: {
      handle: (request: { body: string }) => {
        wire.body = request.body;
        const body = new TextEncoder().encode(wire.answer);
        return Promise.resolve({ response: { statusCode: 200, headers: {}, body } });
      },
    },
  };
  const client: unknown = new CLIENTS[service].Client(options);
  return client as Sdk;
}

function commandOf(sdk: object, action: string): new (input: object) => unknown {
  return (sdk as Record<string, new (input: object) => unknown>)[`${action}Command`]!;
}

async function roundTrip(model: Model, action: ActionModel, wire: Wire, client: Sdk) {
  const input = (action.input && structOf(action.input)) ?? fc.constant({});
  const output = (action.output && structOf(action.output)) ?? fc.constant({});
  const { sdk } = Object.values(CLIENTS).find((client) => client.model === model)!;
  const Command = commandOf(sdk, action.name);
  await fc.assert(
    fc.asyncProperty(input, output, async (request, result) => {
      const unknownMembers: string[] = [];
      wire.answer = encodeResponse(model, action, result, {
        requestId: 'r',
        report: (path) => unknownMembers.push(path),
      });
      const { $metadata: _metadata, ...read } = (await client.send(new Command(request))) as {
        $metadata: object;
      };
      expect(unknownMembers).toEqual([]);
      expect(read).toEqual(result);
      const params = parseParams(wire.body);
      const decoded = decodeRequest(action.input, params.ok ? params.value : {});
      const expected = { ...request, ...addedBySdk(action.name, decoded.input) };
      expect(decoded).toEqual({ input: expected, unknown: [], problems: [] });
    }),
    { numRuns: ROUNDS_PER_ACTION },
  );
}

/** The SDK signs a second request into CopySnapshot and overwrites what the caller gave. */
function addedBySdk(action: string, input: Readonly<Record<string, unknown>>): object {
  if (action !== 'CopySnapshot') return {};
  const { DestinationRegion, PresignedUrl } = input;
  return { DestinationRegion, PresignedUrl };
}

/** Share of actions whose input (or output), when modelled, gets values and not just {}. */
function coverage(model: Model, side: 'input' | 'output'): number {
  const shapes = model.actionNames.flatMap((name) => model.action(name)?.[side] ?? []);
  const modelled = shapes.filter((shape) => shape.members.length > 0);
  return modelled.filter((shape) => structOf(shape) !== undefined).length / modelled.length;
}

describe('the codec agrees with the AWS SDK', () => {
  test('on all EC2 actions', { timeout: 120_000 }, async () => {
    const wire = { body: '', answer: '' };
    const client = sdkOn('ec2', wire);
    expect(EC2_MODEL.actionNames).toHaveLength(823);
    expect(coverage(EC2_MODEL, 'input')).toBe(1);
    expect(coverage(EC2_MODEL, 'output')).toBe(1);
    for (const name of EC2_MODEL.actionNames)
      await roundTrip(EC2_MODEL, EC2_MODEL.action(name)!, wire, client);
  });

  test.each(['sts', 'iam'] as const)('on all %s actions', { timeout: 60_000 }, async (service) => {
    const wire = { body: '', answer: '' };
    const client = sdkOn(service, wire);
    const { model } = CLIENTS[service];
    expect(coverage(model, 'output')).toBe(1);
    for (const name of model.actionNames) await roundTrip(model, model.action(name)!, wire, client);
  });
});
