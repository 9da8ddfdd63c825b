import { decodeRequest } from '../../src/ec2/codec/decode.ts';
import { parseParams } from '../../src/ec2/codec/params.ts';
import { IAM_MODEL, STS_MODEL, EC2_MODEL } from '../../src/ec2/codec/services.ts';
import type { Model } from '../../src/ec2/codec/model.ts';
import { SERVICES } from '../../src/vpc/dispatch.ts';
import type { Chance } from '../arbitrary/chance.ts';
import { modelRecipe } from './account-recipes.ts';
import type { Ids } from './ids.ts';
import { encodeForm, mutate, pairsOf } from './parameters.ts';
import { RECIPES, describeRecipe, type Recipe } from './recipes.ts';
import { ACCOUNTS, REGIONS } from './world.ts';

/** A request before it is signed. */
export interface FuzzRequest {
  readonly action: string;
  readonly service: string;
  readonly account: string;
  readonly region: string;
  readonly body: string;
  /** Parameters that the model does not know, although nobody broke them: mistakes in recipes. */
  readonly unknown: readonly string[];
}

interface Choice {
  readonly action: string;
  readonly model: Model;
  readonly service: string;
  readonly recipe: Recipe;
}

/** Actions that others need most, so that there is something to play with. */
const OFTEN: Readonly<Record<string, number>> = {
  CreateVpc: 6,
  CreateSubnet: 8,
  CreateSecurityGroup: 6,
  CreateNetworkInterface: 14,
  AuthorizeSecurityGroupIngress: 4,
  RunInstances: 8,
  AttachNetworkInterface: 6,
  AssociateTrunkInterface: 16,
  CreateInternetGateway: 2,
  AssignPrivateIpAddresses: 4,
  ModifyNetworkInterfaceAttribute: 4,
  TerminateInstances: 2,
  AssociateVpcCidrBlock: 3,
  AssociateSubnetCidrBlock: 6,
  AssignIpv6Addresses: 4,
  UnassignIpv6Addresses: 3,
  UnassignPrivateIpAddresses: 3,
  ModifySecurityGroupRules: 3,
  ModifyManagedPrefixList: 6,
  CreateSubnetCidrReservation: 4,
  DeleteVpc: 6,
  CreateRoute: 4,
  ReplaceRoute: 3,
  UpdateSecurityGroupRuleDescriptionsIngress: 3,
  RevokeSecurityGroupEgress: 3,
  UpdateSecurityGroupRuleDescriptionsEgress: 3,
  CreateRole: 3,
  PutRolePolicy: 3,
};

const MODELS: Readonly<Record<string, Model>> = { ec2: EC2_MODEL, iam: IAM_MODEL, sts: STS_MODEL };

/** Every implemented action of the query services, the frequent ones several times. */
const CHOICES: readonly Choice[] = SERVICES.flatMap(({ name, actions }) =>
  Object.keys(actions).flatMap((action) => {
    const choice = choiceOf(name, action);
    return Array.from({ length: OFTEN[action] ?? 1 }, () => choice);
  }),
);

/** Names of all actions that are played. */
export const ACTIONS: readonly string[] = [...new Set(CHOICES.map(({ action }) => action))];

function choiceOf(service: string, action: string): Choice {
  const model = MODELS[service]!;
  const input = model.action(action)?.input;
  if (service !== 'ec2') return { action, model, service, recipe: modelRecipe(input) };
  // An action that has no recipe of its own, such as a new one, gets ids of the right kinds.
  const recipe = RECIPES[action] ?? describeRecipe(new Set(input?.byWireName.keys()));
  return { action, model, service, recipe };
}

/** The next random request. */
export function nextRequest(chance: Chance, ids: Ids): FuzzRequest {
  const { action, model, service, recipe } = chance.pick(CHOICES);
  const account = chance.pick(ACCOUNTS);
  const region = chance.pick(REGIONS);
  const kitchen = {
    chance,
    ids,
    owner: `${account}/${region}`,
    account: chance.happens(0.8) ? account : chance.pick(ACCOUNTS),
  };
  const parameters = {
    ...recipe(kitchen),
    ...(takesDryRun(model, action) && chance.happens(0.02) && { DryRun: true }),
  };
  const pairs = pairsOf(parameters);
  const sent = mutate(pairs, chance);
  const body = encodeForm([['Action', action], ['Version', model.version], ...sent]);
  const unknown = sent === pairs ? unknownIn(model, action, body) : [];
  return { action, service, account, region, body, unknown };
}

function takesDryRun(model: Model, action: string): boolean {
  return model.action(action)?.input?.byWireName.has('DryRun') === true;
}

function unknownIn(model: Model, action: string, body: string): readonly string[] {
  const params = parseParams(body);
  return decodeRequest(model.action(action)?.input, params.ok ? params.value : {}).unknown;
}
