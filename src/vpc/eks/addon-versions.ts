import type {
  AddonVersionInfo,
  DescribeAddonVersionsRequest,
  DescribeAddonVersionsResponse,
} from '@aws-sdk/client-eks';
import type { Handler } from '../context.ts';
import { ADDONS, defaultVersion, findAddon, type AddonEntry } from './addon-catalogue.ts';
import { invalidParameter } from './errors.ts';
import { pageOf } from './pages.ts';

/** DescribeAddonVersions: what CreateAddon takes. */
export const describeAddonVersions: Handler<
  DescribeAddonVersionsRequest,
  DescribeAddonVersionsResponse
> = (input) => {
  const { addonName, kubernetesVersion, types } = input;
  const found = ADDONS.map((addon) => ({ addon, shown: shownVersions(addon, kubernetesVersion) }))
    .filter(({ addon }) => addonName === undefined || addon.name === addonName)
    .filter(({ addon }) => types === undefined || types.includes(addon.type))
    .filter(({ shown }) => shown.length > 0);
  const { items, nextToken } = pageOf(
    found.map(({ addon }) => addon.name),
    input,
  );
  return {
    addons: found
      .filter(({ addon }) => items.includes(addon.name))
      .map(({ addon: { name, type }, shown }) => ({
        addonName: name,
        type,
        owner: 'aws',
        publisher: 'eks',
        addonVersions: shown,
      })),
    nextToken,
  };
};

function shownVersions(
  addon: AddonEntry,
  kubernetesVersion: string | undefined,
): AddonVersionInfo[] {
  return addon.versions
    .map(({ version, clusterVersions }) => ({
      addonVersion: version,
      architecture: ['amd64', 'arm64'],
      computeTypes: ['ec2', 'hybrid', 'auto'],
      requiresConfiguration: false,
      requiresIamPermissions: addon.name === 'vpc-cni',
      compatibilities: clusterVersions
        .filter((each) => kubernetesVersion === undefined || each === kubernetesVersion)
        .map((clusterVersion) => ({
          clusterVersion,
          platformVersions: ['*'],
          defaultVersion: defaultVersion(addon, clusterVersion) === version,
        })),
    }))
    .filter(({ compatibilities }) => compatibilities.length > 0);
}

/** The version of an add-on that a cluster may have: the wanted one, or its default. */
export function checkVersion(
  name: string,
  clusterVersion: string,
  wanted: string | undefined,
): string {
  const addon = findAddon(name);
  if (addon === undefined) throw invalidParameter(`Addon ${name} specified is not supported`);
  const fits = addon.versions.filter((each) => each.clusterVersions.includes(clusterVersion));
  const version = wanted ?? fits[0]?.version;
  if (version === undefined || !fits.some((each) => each.version === version))
    throw invalidParameter(
      `Addon version specified is not supported in ${clusterVersion} kubernetes version`,
    );
  return version;
}
