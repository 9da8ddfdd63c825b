import type { KubeClient } from '../../api/client.ts';
import { SERVER_KEYS, type ServerKey } from '../../api/iam/server-key.ts';
import { isKubeError } from '../../api/kube-error.ts';
import { assert } from '../../base/assert.ts';
import type { Random } from '../../base/random.ts';
import { apiVersionOf } from '../../api/resource.ts';

const NAME = 'vpc-api';
const KEY_BYTES = 32;

/** The server key: the stored one, or a new one that is stored first. All replicas get the same. */
export async function loadServerKey(kube: KubeClient, random: Random): Promise<Uint8Array> {
  const stored = await kube.get(SERVER_KEYS, { name: NAME });
  const key = Buffer.from((stored ?? (await makeKey(kube, random))).spec.key, 'base64');
  assert(key.length === KEY_BYTES, () => `The server key ${NAME} must have ${KEY_BYTES} bytes`);
  return key;
}

async function makeKey(kube: KubeClient, random: Random): Promise<ServerKey> {
  try {
    return await kube.create(SERVER_KEYS, {
      apiVersion: apiVersionOf(SERVER_KEYS),
      kind: SERVER_KEYS.kind,
      metadata: { name: NAME },
      spec: { key: Buffer.from(random.bytes(KEY_BYTES)).toString('base64') },
    });
  } catch (error) {
    const theirs = await kube.get(SERVER_KEYS, { name: NAME });
    if (theirs === undefined || !isKubeError(error, 'AlreadyExists')) throw error;
    return theirs;
  }
}
