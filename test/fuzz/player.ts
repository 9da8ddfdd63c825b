import type { WireResponse } from '../../src/vpc/dispatch.ts';
import type { Chance } from '../arbitrary/chance.ts';
import { sign, type Key } from '../vpc/sign.ts';
import { Ids } from './ids.ts';
import { nextRequest, type FuzzRequest } from './requests.ts';
import type { FuzzReport } from './run.ts';
import { ACCOUNTS, REGIONS, keyOf, type World } from './world.ts';

const CONCURRENCY = 16;
const HOST = 'ec2.test';
const FORM = 'application/x-www-form-urlencoded; charset=utf-8';
/** How often a request has the key of an IAM user. */
const OF_USERS = 0.04;

/** A server, however it is reached. */
export type Wire = Pick<World, 'dispatch' | 'clock' | 'errors'>;

/** Plays requests against a world and keeps count. */
export class Player {
  sent = 0;
  /** Every id that an answer ever named. */
  readonly everSeen = new Set<string>();
  #world: Wire;
  readonly #chance: Chance;
  readonly #ids: Ids;
  readonly #succeeded = new Map<string, number>();
  readonly #codes = new Map<string, number>();
  readonly #broken: string[] = [];
  readonly #unknown = new Set<string>();
  /** Of the keys of IAM users. */
  readonly #secrets = new Map<string, string>();

  constructor(world: Wire, chance: Chance) {
    this.#world = world;
    this.#chance = chance;
    this.#ids = new Ids(chance);
  }

  /** Goes on against another server over the same store. */
  moveTo(world: Wire): void {
    this.#world = world;
  }

  async play(count: number, tick: () => void): Promise<void> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        tick();
        await this.#one(nextRequest(this.#chance, this.#ids));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  }

  async #one(request: FuzzRequest): Promise<void> {
    this.sent++;
    const answer = await send(this.#world, request, this.#keyFor(request));
    for (const id of answer.body.match(/\b(?:[a-z]+-)+[0-9a-f]{17}\b/g) ?? [])
      this.everSeen.add(id);
    if (answer.status === 200) this.#worked(request, answer.body);
    else this.#failed(request, answer);
    for (const name of request.unknown) this.#unknown.add(`${request.action}: ${name}`);
  }

  /** Mostly the account's own, which may do everything; else that of a user, who may do little. */
  #keyFor({ account, region }: FuzzRequest): Key {
    const ofUser = this.#chance.happens(OF_USERS)
      ? this.#ids.any(`${account}/${region}`, 'AKIA')
      : undefined;
    const secret = this.#secrets.get(ofUser ?? '');
    if (ofUser === undefined || secret === undefined) return keyOf(account);
    return { accessKeyId: ofUser, secretAccessKey: secret };
  }

  #worked(request: FuzzRequest, body: string): void {
    const owner = `${request.account}/${request.region}`;
    bump(this.#succeeded, request.action);
    this.#ids.learn(owner, body, request.body);
    const made = /<networkInterfaceId>(eni-[0-9a-f]{17})</.exec(body)?.[1];
    if (made !== undefined && request.body.includes('InterfaceType=trunk'))
      this.#ids.note(owner, 'trunk', made);
    const [, key, secret] = /<AccessKeyId>(AKIA\w+)<[^]*<SecretAccessKey>([^<]+)</.exec(body) ?? [];
    if (key !== undefined && secret !== undefined) {
      this.#ids.note(owner, 'AKIA', key);
      this.#secrets.set(key, secret);
    }
    const update = /"update":\{"id":"([^"]+)"/.exec(body)?.[1];
    const [, , cluster, , addon] = request.path.split('/').map(decodeURIComponent);
    if (update !== undefined) this.#ids.note(owner, 'update', `${cluster}/${addon}/${update}`);
  }

  #failed(request: FuzzRequest, { status, body, headers }: WireResponse): void {
    const owner = `${request.account}/${request.region}`;
    const code = headers?.['x-amzn-errortype'] ?? /<Code>([^<]*)</.exec(body)?.[1] ?? '';
    bump(this.#codes, code);
    this.#learnFrom(owner, body);
    if (status < 500 && code !== '') return;
    const error = this.#world.errors.at(-1)?.fields?.['error'];
    const text = error instanceof Error ? error.stack : JSON.stringify(error);
    const sent = `${request.method} ${request.path}?${request.query} ${request.body}`;
    this.#broken.push(`${status} ${code} of ${sent}: ${text}`);
  }

  #learnFrom(owner: string, error: string): void {
    const missing = /'([a-z-]+-[0-9a-f]{17})' does not exist/.exec(error)?.[1];
    if (missing !== undefined) this.#ids.forget(owner, missing);
    const message = /authorization failure message: ([^<\s"]+)/.exec(error)?.[1];
    if (message !== undefined) this.#ids.note(owner, 'message', message);
  }

  report(): Pick<FuzzReport, 'succeeded' | 'codes' | 'broken' | 'unknownParameters'> {
    const strange = this.#world.errors
      .filter(({ message }) => message === 'Handler returned an unknown member')
      .map(({ message, fields }) => `${message}: ${fields?.['path']}`);
    return {
      succeeded: this.#succeeded,
      codes: this.#codes,
      broken: [...this.#broken, ...strange],
      unknownParameters: [...this.#unknown],
    };
  }
}

const DESCRIBES = [
  'DescribeVpcs',
  'DescribeSubnets',
  'DescribeSecurityGroups',
  'DescribeSecurityGroupRules',
  'DescribeNetworkInterfaces',
  'DescribeNetworkInterfacePermissions',
  'DescribeTrunkInterfaceAssociations',
  'DescribeInstances',
  'DescribeRouteTables',
  'DescribeNetworkAcls',
  'DescribeInternetGateways',
  'DescribeEgressOnlyInternetGateways',
  'DescribeDhcpOptions',
  'DescribeVpcPeeringConnections',
  'DescribeManagedPrefixLists',
  'DescribeFlowLogs',
  'DescribeKeyPairs',
  'DescribeNetworkInsightsPaths',
  'DescribeNetworkInsightsAnalyses',
  'DescribeSecurityGroupVpcAssociations',
  'DescribeTags',
  'DescribeAddresses',
  'DescribeIamInstanceProfileAssociations',
  'DescribeNatGateways',
  'DescribeVpcEndpoints',
] as const;

/** Answers of all describes without parameters, for every account and region. */
export async function describeAll(world: Wire): Promise<Map<string, string>> {
  const answers = new Map<string, string>();
  for (const account of ACCOUNTS)
    for (const region of REGIONS)
      for (const action of [...DESCRIBES, 'ListClusters']) {
        const answer = await send(world, plainRequest(action, account, region), keyOf(account));
        const what = `${action} of ${account} in ${region}`;
        answers.set(what, answer.body.replace(/<requestId>.*?</, '<'));
      }
  return answers;
}

function plainRequest(action: string, account: string, region: string): FuzzRequest {
  const common = { action, account, region, query: '', unknown: [] };
  if (action === 'ListClusters')
    return { ...common, service: 'eks', method: 'GET', path: '/clusters', body: '' };
  const body = `Action=${action}&Version=2016-11-15`;
  return { ...common, service: 'ec2', method: 'POST', path: '/', body };
}

async function send(
  { dispatch, clock }: Wire,
  { region, service, method, path, query, body }: FuzzRequest,
  key: Key,
): Promise<WireResponse> {
  const bytes = new TextEncoder().encode(body);
  const contentType = service === 'eks' ? 'application/json' : FORM;
  const what = { method, path, query, body: bytes, contentType, host: HOST, region, service };
  const headers = new Map(Object.entries(sign(key, { ...what, nowMs: clock.nowMs() })));
  return dispatch({ method, path, query, headers, body: bytes }, 'r');
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
