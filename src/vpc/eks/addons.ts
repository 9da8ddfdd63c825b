import type {
  Addon,
  CreateAddonRequest,
  CreateAddonResponse,
  DeleteAddonRequest,
  DeleteAddonResponse,
  DescribeAddonRequest,
  DescribeAddonResponse,
  DescribeUpdateRequest,
  DescribeUpdateResponse,
  ListAddonsRequest,
  ListAddonsResponse,
  Update,
  UpdateAddonRequest,
  UpdateAddonResponse,
} from '@aws-sdk/client-eks';
import type { EksAddon, EksCluster } from '../../api/vpc/eks-cluster.ts';
import { randomHex } from '../../base/random.ts';
import { compact } from '../compact.ts';
import { nowText, type Call, type Handler } from '../context.ts';
import { checkVersion } from './addon-versions.ts';
import { clusterId, ownCluster } from './clusters.ts';
import { inUse, invalidParameter, notFound } from './errors.ts';
import { pageOf } from './pages.ts';

/** CreateAddon: recorded as ACTIVE; whoever installs add-ons reads the record. */
export const createAddon: Handler<CreateAddonRequest, CreateAddonResponse> = async (
  input,
  call,
) => {
  const name = input.addonName ?? '';
  const cluster = await changeCluster(call, input.clusterName, (current) => {
    if (current.spec.addons?.some((each) => each.name === name))
      throw inUse(`Addon already exists.`);
    const at = nowText(call);
    const addon = compact<EksAddon>({
      name,
      version: checkVersion(name, current.spec.version, input.addonVersion),
      createdAt: at,
      modifiedAt: at,
      serviceAccountRoleArn: input.serviceAccountRoleArn,
      configurationValues: checkConfiguration(input.configurationValues),
      tags: input.tags ?? {},
    });
    return withAddons(current, [...(current.spec.addons ?? []), addon]);
  });
  return { addon: addonView(cluster, ownAddon(cluster, name)) };
};

/** DescribeAddon. */
export const describeAddon: Handler<DescribeAddonRequest, DescribeAddonResponse> = (
  input,
  call,
) => {
  const cluster = ownCluster(call, input.clusterName);
  return { addon: addonView(cluster, ownAddon(cluster, input.addonName)) };
};

/** ListAddons. */
export const listAddons: Handler<ListAddonsRequest, ListAddonsResponse> = (input, call) => {
  const { spec } = ownCluster(call, input.clusterName);
  const page = pageOf(
    (spec.addons ?? []).map(({ name }) => name),
    input,
  );
  return { addons: page.items, nextToken: page.nextToken };
};

/** UpdateAddon: members that are absent stay; PRESERVE and OVERWRITE come to the same here. */
export const updateAddon: Handler<UpdateAddonRequest, UpdateAddonResponse> = async (
  input,
  call,
) => {
  const updateId = updateIdOf(call);
  const cluster = await changeCluster(call, input.clusterName, (current) => {
    const before = ownAddon(current, input.addonName);
    const after = compact<EksAddon>({
      ...before,
      version: checkVersion(
        before.name,
        current.spec.version,
        input.addonVersion ?? before.version,
      ),
      serviceAccountRoleArn: input.serviceAccountRoleArn ?? before.serviceAccountRoleArn,
      configurationValues:
        checkConfiguration(input.configurationValues) ?? before.configurationValues,
      modifiedAt: nowText(call),
      lastUpdate: { id: updateId, createdAt: nowText(call), params: paramsOf(input) },
    });
    return withAddons(
      current,
      (current.spec.addons ?? []).map((each) => (each === before ? after : each)),
    );
  });
  return { update: updateView(ownAddon(cluster, input.addonName)) };
};

/** DeleteAddon. */
export const deleteAddon: Handler<DeleteAddonRequest, DeleteAddonResponse> = async (
  input,
  call,
) => {
  const cluster = ownCluster(call, input.clusterName);
  const gone = ownAddon(cluster, input.addonName);
  await changeCluster(call, input.clusterName, (current) => {
    const { name } = ownAddon(current, input.addonName);
    return withAddons(
      current,
      (current.spec.addons ?? []).filter((each) => each.name !== name),
    );
  });
  return { addon: { ...addonView(cluster, gone), status: 'DELETING' } };
};

/** DescribeUpdate: of add-ons, the latest update of each. */
export const describeUpdate: Handler<DescribeUpdateRequest, DescribeUpdateResponse> = (
  input,
  call,
) => {
  const { spec } = ownCluster(call, input.name);
  const addon = spec.addons?.find(({ lastUpdate }) => lastUpdate?.id === input.updateId);
  if (addon === undefined) throw notFound(`No update found for id: ${input.updateId}`);
  return { update: updateView(addon) };
};

async function changeCluster(
  call: Call,
  name: string | undefined,
  change: (current: EksCluster) => EksCluster,
): Promise<EksCluster> {
  const { store } = call;
  const id = clusterId(call, name ?? '');
  return store.locks.hold({ exclusive: [id] }, () => {
    ownCluster(call, name);
    return store.clusters.update(id, change);
  });
}

function withAddons(cluster: EksCluster, addons: readonly EksAddon[]): EksCluster {
  return { ...cluster, spec: { ...cluster.spec, addons } };
}

function ownAddon({ spec }: EksCluster, name: string | undefined): EksAddon {
  const addon = spec.addons?.find((each) => each.name === name);
  if (addon === undefined)
    throw notFound(`No addon: ${name} found in cluster: ${spec.clusterName}`);
  return addon;
}

function checkConfiguration(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return text;
  const value = parseJson(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text;
  throw invalidParameter(
    'ConfigurationValue provided in request is not supported: it is not a JSON object',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type UpdateParams = Partial<
  Record<
    'AddonVersion' | 'ServiceAccountRoleArn' | 'ResolveConflicts' | 'ConfigurationValues',
    string
  >
>;

function paramsOf(input: UpdateAddonRequest): UpdateParams {
  return compact<UpdateParams>({
    AddonVersion: input.addonVersion,
    ServiceAccountRoleArn: input.serviceAccountRoleArn,
    ResolveConflicts: input.resolveConflicts,
    ConfigurationValues: input.configurationValues,
  });
}

function updateIdOf({ random }: Call): string {
  const hex = randomHex(random, 32);
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5');
}

function updateView({ lastUpdate }: EksAddon): Update | undefined {
  return (
    lastUpdate && {
      id: lastUpdate.id,
      status: 'Successful',
      type: 'AddonUpdate',
      params: Object.entries(lastUpdate.params).map(([type, value]) => ({
        type: type as 'AddonVersion',
        value,
      })),
      createdAt: new Date(lastUpdate.createdAt),
      errors: [],
    }
  );
}

/** ARN of an add-on: the last part is the id of its object in EKS, which we derive. */
export function addonArn({ metadata, spec }: EksCluster, { name }: EksAddon): string {
  const id = metadata.name.slice('eks-'.length);
  return `arn:aws:eks:${spec.region}:${spec.account}:addon/${spec.clusterName}/${name}/${id}`;
}

function addonView(cluster: EksCluster, addon: EksAddon): Addon {
  return {
    addonName: addon.name,
    clusterName: cluster.spec.clusterName,
    status: 'ACTIVE',
    addonVersion: addon.version,
    health: { issues: [] },
    addonArn: addonArn(cluster, addon),
    createdAt: new Date(addon.createdAt),
    modifiedAt: new Date(addon.modifiedAt),
    serviceAccountRoleArn: addon.serviceAccountRoleArn,
    configurationValues: addon.configurationValues,
    tags: addon.tags,
  };
}
