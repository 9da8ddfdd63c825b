import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeRequest } from '../../src/ec2/codec/decode.ts';
import { OMITTED_WHEN_EMPTY } from '../../src/ec2/codec/empty-lists.ts';
import { encodeResponse } from '../../src/ec2/codec/envelope.ts';
import type { ActionModel, Model, Shape, StructShape } from '../../src/ec2/codec/model.ts';
import { parseParams } from '../../src/ec2/codec/params.ts';
import { createRestRouter, decodeRest, encodeRest } from '../../src/ec2/codec/rest-json.ts';
import { EC2_MODEL, EKS_MODEL, IAM_MODEL, STS_MODEL } from '../../src/ec2/codec/services.ts';
import { createChance, seedOfRun } from '../arbitrary/chance.ts';
import {
  startBotocore,
  type BotoModel,
  type BotoRequest,
  type Botocore,
  type ServiceName,
} from './botocore.ts';
import { modelDifferences } from './model-differences.ts';
import { pythonClients } from './python-clients.ts';
import { Values, asSent } from './values.ts';

/**
 * Botocore's serialisers and parsers are the reference, on values that its own model allows: what
 * they send we must decode exactly, what we send they must read back exactly. For every action.
 */
const ROUNDS_PER_ACTION = 20;
const ACTIONS_PER_BATCH = 50;

/** Actions of each service; all of them are in botocore too. */
const SERVICES = [
  { name: 'ec2', model: EC2_MODEL, actions: 823 },
  { name: 'iam', model: IAM_MODEL, actions: 180 },
  { name: 'sts', model: STS_MODEL, actions: 11 },
  { name: 'eks', model: EKS_MODEL, actions: 70 },
] as const;

/** Where the two models differ. Each entry is a fact about the SDKs, checked in both directions. */
const DIFFERENCES: Readonly<Record<ServiceName, readonly string[]>> = {
  // Tokens that SDKs fill in by themselves; botocore has them required all the same.
  ec2: [
    'CreateNetworkInsightsAccessScopeRequest.ClientToken: required by botocore only',
    'CreateNetworkInsightsPathRequest.ClientToken: required by botocore only',
    'StartNetworkInsightsAccessScopeAnalysisRequest.ClientToken: required by botocore only',
    'StartNetworkInsightsAnalysisRequest.ClientToken: required by botocore only',
  ],
  iam: [],
  sts: [],
  eks: [],
};

const clients = await pythonClients();
const missing = 'skipped' in clients ? clients.skipped : undefined;
if (missing !== undefined) process.stdout.write(`Skipped: botocore: ${missing}\n`);

const seed = seedOfRun();
let botocore: Botocore;
beforeAll(() => {
  if ('python' in clients) botocore = startBotocore(clients);
});
afterAll(() => botocore?.close());

/** One value on its way. */
interface Case {
  readonly action: ActionModel;
  readonly value: Readonly<Record<string, unknown>>;
}

function isMember(name: string, seen: ReadonlySet<string>, shape: BotoModel['shapes'][string]) {
  if (shape.type !== 'structure') return [];
  return Object.keys(shape.members).filter((member) => !seen.has(`${name}.${member}`));
}

/** Members of shapes that the values of one side can have, and never had. */
function neverMade(boto: BotoModel, side: 'input' | 'output', seen: ReadonlySet<string>): string[] {
  const left = Object.values(boto.operations).flatMap((operation) => operation[side] ?? []);
  const reached = new Set<string>();
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const shape = boto.shapes[name]!;
    if (shape.type === 'structure') left.push(...Object.values(shape.members));
    if (shape.type === 'list') left.push(shape.item);
    if (shape.type === 'map') left.push(shape.value);
  }
  return [...reached].flatMap((name) =>
    isMember(name, seen, boto.shapes[name]!).map((member) => `${name}.${member}`),
  );
}

function cases(model: Model, boto: BotoModel, values: Values, side: 'input' | 'output'): Case[] {
  return model.actionNames.flatMap((name) =>
    Array.from({ length: ROUNDS_PER_ACTION }, () => ({
      action: model.action(name)!,
      value: values.parameters(boto.operations[name]![side]),
    })),
  );
}

function* batches(all: readonly Case[]): Generator<readonly Case[]> {
  const size = ACTIONS_PER_BATCH * ROUNDS_PER_ACTION;
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

/** `isDeepStrictEqual` costs a tenth of `toEqual`, which then tells what differs. */
function same(got: unknown, wanted: unknown, what: string): void {
  if (!isDeepStrictEqual(got, wanted)) expect(got, `${what}, seed ${seed}`).toEqual(wanted);
}

function checkRest(model: Model, { action, value }: Case, sent: BotoRequest): void {
  // Not by `URL`, which would resolve a cluster that is called `..`.
  const [, path = '', query = ''] = /^http:..localhost([^?]*)\??(.*)$/.exec(sent.url) ?? [];
  const route = createRestRouter(model)(sent.method, path);
  const body: unknown = sent.body === '' ? undefined : JSON.parse(sent.body);
  const decoded = route && decodeRest(route, { query: new URLSearchParams(query), body });
  const sendsNothing = (member: string, part: unknown): boolean =>
    isEmpty(part) && action.input?.byName.get(member)?.location === 'query';
  const members = Object.entries(value).filter(([member, part]) => !sendsNothing(member, part));
  same(route?.action.name, action.name, `Route of ${action.name}`);
  same(decoded, { input: Object.fromEntries(members), problems: [] }, `Request of ${action.name}`);
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function checkRequest(model: Model, { action, value }: Case, sent: BotoRequest): void {
  if (model.protocol === 'rest-json') return checkRest(model, { action, value }, sent);
  const params = parseParams(sent.body);
  const decoded = decodeRequest(action.input, params.ok ? params.value : {});
  const input = asSent(value, model.protocol === 'query') ?? {};
  same(decoded, { input, unknown: [], problems: [] }, `Request of ${action.name}`);
}

function encode(model: Model, { action, value }: Case): string {
  const report = (path: string): never => {
    throw new Error(`Unknown member ${path}`);
  };
  return model.protocol === 'rest-json'
    ? encodeRest(action.output, value, report)
    : encodeResponse(model, action, value, { requestId: 'r', report });
}

/** Without the empty lists that we leave out on purpose. */
function asAnswered(shape: Shape | undefined, value: unknown): unknown {
  if (typeof shape !== 'object' || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return shape.kind === 'list' ? value.map((item) => asAnswered(shape.item(), item)) : value;
  if (shape.kind !== 'struct') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, part]) => !isLeftOut(shape, name, part))
      .map(([name, part]) => [name, asAnswered(shape.byName.get(name)?.shape(), part)]),
  );
}

function isLeftOut(shape: StructShape, member: string, value: unknown): boolean {
  if (!OMITTED_WHEN_EMPTY.has(`${shape.name}.${member}`)) return false;
  return isEmpty(value);
}

describe.skipIf(missing !== undefined).each(SERVICES)(
  'botocore and the $name codec',
  { timeout: 60_000 },
  ({ name, model, actions }) => {
    const wholeSeconds = name === 'eks';
    let boto: BotoModel;
    beforeAll(async () => {
      boto = await botocore.model(name);
    });

    test('have the same model but for what is listed here', () => {
      expect(model.actionNames).toHaveLength(actions);
      expect(Object.keys(boto.operations).sort()).toEqual([...model.actionNames].sort());
      const found = modelDifferences(boto, model);
      for (const difference of found) process.stdout.write(`${name}: ${difference}\n`);
      expect(found).toEqual(DIFFERENCES[name]);
    });

    test('agree on requests of all actions, with every member', async () => {
      const values = new Values(boto, createChance(seed), { wholeSeconds });
      const all = cases(model, boto, values, 'input');
      for (const batch of batches(all)) {
        const calls = batch.map(({ action, value }) => [action.name, value] as const);
        const sent = await botocore.serialize(name, calls);
        for (const [i, each] of batch.entries()) checkRequest(model, each, sent[i]!);
      }
      expect(neverMade(boto, 'input', values.seen)).toEqual([]);
      expect(all).toHaveLength(actions * ROUNDS_PER_ACTION);
    });

    test('agree on responses of all actions, with every member', async () => {
      const values = new Values(boto, createChance(seed), { wholeSeconds });
      const all = cases(model, boto, values, 'output');
      for (const batch of batches(all)) {
        const answers = batch.map((each) => [each.action.name, encode(model, each)] as const);
        const read = await botocore.parse(name, answers);
        for (const [i, { action, value }] of batch.entries())
          same(read[i], asAnswered(action.output, value), `Answer of ${action.name}`);
      }
      expect(neverMade(boto, 'output', values.seen)).toEqual([]);
      expect(all).toHaveLength(actions * ROUNDS_PER_ACTION);
    });
  },
);
