import { must } from '../../../../base/assert.ts';
import { ownCall, type Api } from '../api.ts';
import { SYSTEM } from '../authn/user.ts';
import type { Kind } from '../registry/kind.ts';
import { ApiError } from '../status.ts';
import { createObject } from '../verbs/create.ts';

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Makes what every cluster has: the default namespaces, each with its service account. */
export async function bootstrap(api: Api): Promise<void> {
  for (const name of NAMESPACES) {
    await createIfAbsent(api, builtinKind(api, 'Namespace'), { namespace: '', name });
    await createDefaultAccount(api, name);
  }
}

/** The `default` service account of a namespace. */
export function createDefaultAccount(api: Api, namespace: string): Promise<void> {
  return createIfAbsent(api, builtinKind(api, 'ServiceAccount'), { namespace, name: 'default' });
}

function builtinKind(api: Api, kind: string): Kind {
  return must(api.registry.findKind('v1', kind), () => `No built-in kind ${kind}`);
}

async function createIfAbsent(
  api: Api,
  kind: Kind,
  key: { readonly namespace: string; readonly name: string },
): Promise<void> {
  if (api.store.get(kind.storage, key) !== undefined) return;
  try {
    await createObject(api, ownCall(SYSTEM, kind, key), { metadata: { name: key.name } });
  } catch (error) {
    if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
  }
}
