import type {
  AddClientIDToOpenIDConnectProviderRequest,
  CreateOpenIDConnectProviderRequest,
  CreateOpenIDConnectProviderResponse,
  DeleteOpenIDConnectProviderRequest,
  GetOpenIDConnectProviderRequest,
  GetOpenIDConnectProviderResponse,
  ListOpenIDConnectProvidersRequest,
  ListOpenIDConnectProvidersResponse,
  RemoveClientIDFromOpenIDConnectProviderRequest,
  UpdateOpenIDConnectProviderThumbprintRequest,
} from '@aws-sdk/client-iam';
import type { IamOidcProvider } from '../../../api/iam/oidc-provider.ts';
import { Ec2Error } from '../../../ec2/error.ts';
import { nowText, type Call, type Handler } from '../../context.ts';
import { iamObjectName } from '../iam-store.ts';
import { lockOf } from './identities.ts';
import { mergeIamTags } from './names.ts';
import { iamTags } from './views.ts';

const MAX_URL = 255;
const MAX_CLIENT_IDS = 100;
const MAX_THUMBPRINTS = 5;
const MAX_PROVIDERS = 100;

/** iam CreateOpenIDConnectProvider: from now on roles may trust the issuer. */
export const createOidcProvider: Handler<
  CreateOpenIDConnectProviderRequest,
  CreateOpenIDConnectProviderResponse
> = async (input, call) => {
  const { oidcProviders } = call.store.iam;
  const spec = {
    account: call.accountId,
    createdAt: nowText(call),
    name: checkUrl(input.Url),
    clientIds: checkClientIds(input.ClientIDList ?? []),
    thumbprints: checkThumbprints(input.ThumbprintList ?? []),
    tags: mergeIamTags({}, input.Tags),
  };
  return call.store.locks.hold({ exclusive: [lockOf('oidc', call, '')] }, async () => {
    const name = objectName(call, spec.name);
    const taken = new Ec2Error(
      'EntityAlreadyExists',
      `Provider with url https://${spec.name} already exists.`,
    );
    if (oidcProviders.get(name) !== undefined) throw taken;
    if (oidcProviders.table.by('account', call.accountId).length >= MAX_PROVIDERS)
      throw new Ec2Error(
        'LimitExceeded',
        `Cannot exceed quota for OpenIdConnectProvidersPerAccount: ${MAX_PROVIDERS}`,
      );
    await oidcProviders.create({ metadata: { name }, spec });
    return { OpenIDConnectProviderArn: arnOf(call, spec.name), Tags: iamTags(spec.tags) };
  });
};

/** iam GetOpenIDConnectProvider. The URL comes without its scheme, as from AWS. */
export const getOidcProvider: Handler<
  GetOpenIDConnectProviderRequest,
  GetOpenIDConnectProviderResponse
> = (input, call) => {
  const { spec } = mustProvider(call, input.OpenIDConnectProviderArn);
  return {
    Url: spec.name,
    ClientIDList: [...spec.clientIds],
    ThumbprintList: [...spec.thumbprints],
    CreateDate: new Date(spec.createdAt),
    Tags: iamTags(spec.tags),
  };
};

/** iam ListOpenIDConnectProviders. */
export const listOidcProviders: Handler<
  ListOpenIDConnectProvidersRequest,
  ListOpenIDConnectProvidersResponse
> = (_input, call) => {
  const own = call.store.iam.oidcProviders.table.by('account', call.accountId);
  return {
    OpenIDConnectProviderList: own
      .map(({ spec }) => arnOf(call, spec.name))
      .sort()
      .map((Arn) => ({ Arn })),
  };
};

/** iam DeleteOpenIDConnectProvider: no error for one that does not exist. */
export const deleteOidcProvider: Handler<DeleteOpenIDConnectProviderRequest, void> = (
  input,
  call,
) =>
  call.store.locks.hold({ exclusive: [lockOf('oidc', call, '')] }, async () => {
    const name = objectName(call, nameIn(call, input.OpenIDConnectProviderArn));
    if (call.store.iam.oidcProviders.get(name) !== undefined)
      await call.store.iam.oidcProviders.remove(name);
  });

/** iam AddClientIDToOpenIDConnectProvider; one that is there already is no error. */
export const addClientId: Handler<AddClientIDToOpenIDConnectProviderRequest, void> = (
  { OpenIDConnectProviderArn: arn, ClientID: added = '' },
  call,
) =>
  change(call, arn, (spec) => ({
    ...spec,
    clientIds: checkClientIds([...new Set([...spec.clientIds, added])]),
  }));

/** iam RemoveClientIDFromOpenIDConnectProvider; one that is not there is no error. */
export const removeClientId: Handler<RemoveClientIDFromOpenIDConnectProviderRequest, void> = (
  { OpenIDConnectProviderArn: arn, ClientID: removed },
  call,
) =>
  change(call, arn, (spec) => ({
    ...spec,
    clientIds: spec.clientIds.filter((each) => each !== removed),
  }));

/** iam UpdateOpenIDConnectProviderThumbprint: replaces the whole list. */
export const updateThumbprints: Handler<UpdateOpenIDConnectProviderThumbprintRequest, void> = (
  { OpenIDConnectProviderArn: arn, ThumbprintList: list },
  call,
) => change(call, arn, (spec) => ({ ...spec, thumbprints: checkThumbprints(list ?? []) }));

async function change(
  call: Call,
  arn: string | undefined,
  to: (spec: IamOidcProvider['spec']) => IamOidcProvider['spec'],
): Promise<void> {
  await call.store.locks.hold({ exclusive: [lockOf('oidc', call, '')] }, async () => {
    const { metadata } = mustProvider(call, arn);
    await call.store.iam.oidcProviders.update(metadata.name, (current) => ({
      ...current,
      spec: to(current.spec),
    }));
  });
}

function mustProvider(call: Call, arn: string | undefined): IamOidcProvider {
  const name = nameIn(call, arn);
  const found = call.store.iam.oidcProviders.get(objectName(call, name));
  if (found !== undefined) return found;
  throw new Ec2Error('NoSuchEntity', `OpenIDConnect Provider not found for arn ${arn}`);
}

function arnOf({ accountId }: Call, name: string): string {
  return `arn:aws:iam::${accountId}:oidc-provider/${name}`;
}

/** What an ARN of the caller's account names. */
function nameIn({ accountId }: Call, arn = ''): string {
  const prefix = `arn:aws:iam::${accountId}:oidc-provider/`;
  if (arn.startsWith(prefix)) return arn.slice(prefix.length);
  throw new Ec2Error('InvalidInput', `Invalid ARN: ${arn}`);
}

function objectName({ accountId }: Call, name: string): string {
  return iamObjectName(accountId, name);
}

/** The URL without its scheme and last slash. */
function checkUrl(text = ''): string {
  const url = URL.parse(text);
  const good = url?.protocol === 'https:' && url.search === '' && url.hash === '';
  if (!good || text.length > MAX_URL)
    throw new Ec2Error('InvalidInput', 'Invalid Open ID Connect Provider URL');
  return text.slice('https://'.length).replace(/\/$/, '');
}

function checkClientIds(ids: readonly string[]): string[] {
  if (ids.length > MAX_CLIENT_IDS)
    throw new Ec2Error(
      'LimitExceeded',
      `Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: ${MAX_CLIENT_IDS}`,
    );
  if (ids.some((id) => id === '' || id.length > MAX_URL))
    throw new Ec2Error('InvalidInput', `Client IDs have 1 to ${MAX_URL} characters.`);
  return [...ids];
}

function checkThumbprints(thumbprints: readonly string[]): string[] {
  if (thumbprints.length > MAX_THUMBPRINTS)
    throw new Ec2Error('InvalidInput', 'Thumbprint list must contain fewer than 5 entries.');
  if (!thumbprints.every((each) => /^[0-9a-f]{40}$/i.test(each)))
    throw new Ec2Error('InvalidInput', 'A thumbprint has 40 hexadecimal digits.');
  return thumbprints.map((each) => each.toLowerCase());
}
