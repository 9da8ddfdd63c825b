import type { Api } from '../api.ts';
import { aggregatedBody, groupBody, groupsOf } from '../discovery/groups.ts';
import { resourceList } from '../discovery/resources.ts';
import type { Fields } from '../../../../base/json.ts';
import type { Exchange } from './exchange.ts';
import { sendJson, sendText } from './respond.ts';

/** The version that the lab claims; kubectl compares it with its own. */
const VERSION: Fields = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.0+trunkline',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: 'none',
  compiler: 'none',
  platform: 'linux/amd64',
};

/** What GET / names. */
const PATHS = [
  '/api',
  '/apis',
  '/healthz',
  '/livez',
  '/openapi/v2',
  '/openapi/v3',
  '/readyz',
  '/version',
];

const HEALTH = /^\/(healthz|livez|readyz)(\/|$)/;

/** Answers discovery, version and health; false when the path is none of them. */
export function serveDiscovery(api: Api, exchange: Exchange): boolean {
  const { response, url } = exchange;
  if (HEALTH.test(url.pathname)) {
    sendText(response, 200, 'ok');
    return true;
  }
  if (url.pathname === '/version') {
    sendJson(response, 200, VERSION);
    return true;
  }
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const body = bodyOf(api, parts, exchange);
  if (body === undefined) return false;
  sendJson(response, 200, body.content, body.type);
  return true;
}

interface Body {
  readonly content: Fields;
  readonly type: string;
}

function bodyOf(api: Api, parts: readonly string[], exchange: Exchange): Body | undefined {
  const [root = '', ...rest] = parts;
  switch (root) {
    case '':
      return plain({ paths: PATHS });
    case 'api':
    case 'apis':
      if (rest.length === 0) return aggregated(api, root, exchange) ?? plain(rootBody(api, root));
      return root === 'api' ? groupBodyOf(api, ['', ...rest]) : groupBodyOf(api, rest);
    default:
      return undefined;
  }
}

/** A group (`apps`) or one of its versions (`apps/v1`). The core group has no document of its own. */
function groupBodyOf(api: Api, [name = '', version, ...more]: readonly string[]): Body | undefined {
  const kinds = api.registry.all();
  if (more.length > 0) return undefined;
  if (version !== undefined) return plain(resourceList(kinds, name, version));
  const group = groupsOf(kinds).find((each) => each.name === name);
  return group && plain(groupBody(group));
}

function plain(content: Fields | undefined): Body | undefined {
  return content && { content, type: 'application/json' };
}

function rootBody(api: Api, root: string): Fields {
  if (root === 'api') return { kind: 'APIVersions', apiVersion: 'v1', versions: ['v1'] };
  const groups = groupsOf(api.registry.all()).filter(({ name }) => name !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupBody) };
}

function aggregated(api: Api, root: string, exchange: Exchange): Body | undefined {
  const version = /g=apidiscovery\.k8s\.io;v=(v2beta1|v2);as=APIGroupDiscoveryList/.exec(
    exchange.request.headers.accept?.replaceAll(' ', '') ?? '',
  )?.[1];
  if (version === undefined) return undefined;
  const kinds = api.registry.all();
  const groups = groupsOf(kinds).filter(({ name }) => (name === '') === (root === 'api'));
  return {
    content: aggregatedBody(kinds, groups, version),
    type: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
  };
}
