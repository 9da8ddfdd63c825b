import type {
  AssociateDhcpOptionsRequest,
  CreateDhcpOptionsRequest,
  CreateDhcpOptionsResult,
  DeleteDhcpOptionsRequest,
  DescribeDhcpOptionsRequest,
  DescribeDhcpOptionsResult,
  NewDhcpConfiguration,
} from '@aws-sdk/client-ec2';
import type { DhcpOptions } from '../../api/vpc/dhcp-options.ts';
import { parseIp } from '../../base/ip.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import type { Handler } from '../context.ts';
import { paginate, selectObjects } from '../describe.ts';
import type { FilterTable } from '../filters.ts';
import { checkNoDependants } from '../network/dependants.ts';
import { invalidValue, own, ownVpc, required, sees } from '../own.ts';
import { specifiedTags } from '../tags.ts';
import { dhcpOptionsView } from '../views/dhcp-options.ts';

const MAX_SERVERS = 4;
const isIp = (text: string): boolean => parseIp(text).ok;
const isIpv4 = (text: string): boolean => isIp(text) && !text.includes(':');
const isSeconds = (text: string): boolean =>
  text === 'Infinite' || (/^\d+$/.test(text) && Number(text) >= 140 && Number(text) <= 2 ** 31 - 1);

interface Rule {
  readonly most: number;
  readonly accepts: (value: string) => boolean;
}

/** The options that exist, how many values each has, and which. */
const RULES: Readonly<Record<string, Rule>> = {
  'domain-name': { most: 1, accepts: (value) => value !== '' },
  'domain-name-servers': {
    most: MAX_SERVERS,
    accepts: (value) => value === 'AmazonProvidedDNS' || isIp(value),
  },
  'ntp-servers': { most: 2 * MAX_SERVERS, accepts: isIp },
  'netbios-name-servers': { most: MAX_SERVERS, accepts: isIpv4 },
  'netbios-node-type': { most: 1, accepts: (value) => ['1', '2', '4', '8'].includes(value) },
  'ipv6-address-preferred-lease-time': { most: 1, accepts: isSeconds },
};

/** CreateDhcpOptions. */
export const createDhcpOptions: Handler<CreateDhcpOptionsRequest, CreateDhcpOptionsResult> = async (
  input,
  call,
) => {
  const configurations = required(input.DhcpConfigurations, 'dhcpConfiguration').map(configuration);
  const tags = specifiedTags(input.TagSpecifications, 'dhcp-options', call.quotas);
  const options = await call.store.dhcpOptions.create({
    metadata: { name: newId(call.random, 'dopt') },
    spec: { account: call.accountId, region: call.region, configurations, tags },
  });
  return { DhcpOptions: dhcpOptionsView(options) };
};

function configuration({
  Key: key = '',
  Values: listed = [],
}: NewDhcpConfiguration): DhcpOptions['spec']['configurations'][number] {
  // A value may itself be a list with commas, as the console writes name servers.
  const values = listed.flatMap((value) => value.split(',')).map((value) => value.trim());
  const rule = Object.hasOwn(RULES, key) ? RULES[key] : undefined;
  if (rule === undefined)
    throw invalidValue(`Value (${key}) for parameter name is invalid. Unknown DHCP option`);
  const bad = values.find((value) => !rule.accepts(value));
  if (bad !== undefined || values.length === 0 || values.length > rule.most)
    throw invalidValue(
      `Value (${bad ?? values.join(', ')}) for parameter value is invalid. Invalid DHCP option value for ${key}`,
    );
  return { key, values };
}

/** AssociateDhcpOptions; `default` means no options. */
export const associateDhcpOptions: Handler<AssociateDhcpOptionsRequest, void> = async (
  input,
  call,
) => {
  const { store } = call;
  const vpcId = required(input.VpcId, 'vpcId');
  const dhcpOptionsId = required(input.DhcpOptionsId, 'dhcpOptionsId');
  await store.locks.hold({ exclusive: [vpcId], shared: [dhcpOptionsId] }, async () => {
    if (dhcpOptionsId !== 'default') own(call, store.dhcpOptions, dhcpOptionsId);
    ownVpc(call, vpcId);
    await store.vpcs.update(vpcId, (vpc) => ({ ...vpc, spec: { ...vpc.spec, dhcpOptionsId } }));
  });
};

/** DeleteDhcpOptions: refused while a VPC uses them. */
export const deleteDhcpOptions: Handler<DeleteDhcpOptionsRequest, void> = async (input, call) => {
  const { store } = call;
  const id = required(input.DhcpOptionsId, 'dhcpOptionsId');
  if (id === 'default')
    throw new Ec2Error('OperationNotPermitted', 'The default DHCP options cannot be deleted.');
  await store.locks.hold({ exclusive: [id] }, async () => {
    own(call, store.dhcpOptions, id);
    checkNoDependants(call, 'dhcpOptions', id);
    await store.dhcpOptions.remove(id);
  });
};

const FILTERS: FilterTable<DhcpOptions> = {
  tags: ({ spec }) => spec.tags,
  filters: {
    'dhcp-options-id': ({ metadata }) => [metadata.name],
    key: ({ spec }) => spec.configurations.map(({ key }) => key),
    value: ({ spec }) => spec.configurations.flatMap(({ values }) => values),
    'owner-id': ({ spec }) => [spec.account],
  },
};

/** DescribeDhcpOptions. */
export const describeDhcpOptions: Handler<DescribeDhcpOptionsRequest, DescribeDhcpOptionsResult> = (
  input,
  call,
) => {
  const found = selectObjects(
    call.store.dhcpOptions,
    { ids: input.DhcpOptionsIds, filters: input.Filters },
    { table: FILTERS, visible: (options) => sees(call, options) },
  );
  const page = paginate(found, input, { key: ({ metadata }) => metadata.name, range: [5, 1000] });
  return { DhcpOptions: page.items.map(dhcpOptionsView), NextToken: page.nextToken };
};
