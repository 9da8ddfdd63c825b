import { decodeRequest } from '../../src/ec2/codec/decode.ts';
import { parseParams } from '../../src/ec2/codec/params.ts';
import { IAM_MODEL, STS_MODEL, EC2_MODEL } from '../../src/ec2/codec/services.ts';
import type { Model } from '../../src/ec2/codec/model.ts';
import { SERVICES } from '../../src/vpc/dispatch.ts';
import type { Chance } from '../arbitrary/chance.ts';
import { modelRecipe } from './account-recipes.ts';
import type { Ids } from './ids.ts';
import { EKS_ACTION_NAMES, eksRequest, type RestRequest } from './eks-recipes.ts';
import { ENDPOINT_RECIPES } from './endpoint-recipes.ts';
import { encodeForm, mutate, pairsOf } from './parameters.ts';
import { RECIPES, describeRecipe, type Kitchen, type Recipe } from './recipes.ts';
import { ACCOUNTS, REGIONS } from './world.ts';

/** A request before it is signed. */
export interface FuzzRequest extends RestRequest {
  readonly action: string;
  readonly service: string;
  readonly account: string;
  readonly region: string;
  /** Parameters that the model does not know, although nobody broke them: mistakes in recipes. */
  readonly unknown: readonly string[];
}

/** A request and what of it is no parameter of the action. */
type Made = RestRequest & Pick<FuzzRequest, 'unknown'>;

interface Choice {
  readonly action: string;
  readonly service: string;
  readonly make: (kitchen: Kitchen) => Made;
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
  AllocateAddress: 3,
  AssociateAddress: 6,
  CreateNatGateway: 3,
  CreateVpcEndpoint: 5,
  ModifyVpcEndpoint: 4,
  AttachInternetGateway: 2,
  AssociateIamInstanceProfile: 3,
  AssociateSecurityGroupVpc: 2,
  ModifyVpcPeeringConnectionOptions: 3,
  CreateCluster: 6,
  CreateAddon: 3,
  UpdateAddon: 2,
  DescribeUpdate: 3,
};

const MODELS: Readonly<Record<string, Model>> = { ec2: EC2_MODEL, iam: IAM_MODEL, sts: STS_MODEL };

/** Every implemented action, the frequent ones several times. */
const CHOICES: readonly Choice[] = [
  ...SERVICES.flatMap(({ name, actions }) =>
    Object.keys(actions).map((action) => queryChoice(name, action)),
  ),
  ...EKS_ACTION_NAMES.map((action) => ({
    action,
    service: 'eks',
    make: (kitchen: Kitchen) => ({ ...eksRequest(kitchen, action), unknown: [] }),
  })),
].flatMap((choice) => Array.from({ length: OFTEN[choice.action] ?? 1 }, () => choice));

/** Names of all actions that are played. */
export const ACTIONS: readonly string[] = [...new Set(CHOICES.map(({ action }) => action))];

function queryChoice(service: string, action: string): Choice {
  const model = MODELS[service]!;
  const recipe = recipeOf(service, action);
  return {
    action,
    service,
    make: (kitchen) => {
      const parameters = {
        ...recipe(kitchen),
        ...(takesDryRun(model, action) && kitchen.chance.happens(0.02) && { DryRun: true }),
      };
      const pairs = pairsOf(parameters);
      const sent = mutate(pairs, kitchen.chance);
      const body = encodeForm([['Action', action], ['Version', model.version], ...sent]);
      const unknown = sent === pairs ? unknownIn(model, action, body) : [];
      return { method: 'POST', path: '/', query: '', body, unknown };
    },
  };
}

function recipeOf(service: string, action: string): Recipe {
  const input = MODELS[service]!.action(action)?.input;
  if (service !== 'ec2') return modelRecipe(input);
  // An action that has no recipe of its own, such as a new one, gets ids of the right kinds.
  const other = (): Recipe => describeRecipe(new Set(input?.byWireName.keys()));
  return RECIPES[action] ?? ENDPOINT_RECIPES[action] ?? other();
}

/** The next random request. */
export function nextRequest(chance: Chance, ids: Ids): FuzzRequest {
  const { action, service, make } = chance.pick(CHOICES);
  const account = chance.pick(ACCOUNTS);
  const region = chance.pick(REGIONS);
  const kitchen = {
    chance,
    ids,
    owner: `${account}/${region}`,
    account: chance.happens(0.8) ? account : chance.pick(ACCOUNTS),
  };
  return { action, service, account, region, ...make(kitchen) };
}

function takesDryRun(model: Model, action: string): boolean {
  return model.action(action)?.input?.byWireName.has('DryRun') === true;
}

function unknownIn(model: Model, action: string, body: string): readonly string[] {
  const params = parseParams(body);
  return decodeRequest(model.action(action)?.input, params.ok ? params.value : {}).unknown;
}
