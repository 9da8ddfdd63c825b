import { silentLog } from '../../../base/log.ts';
import { must } from '../../../base/assert.ts';
import { systemClock } from '../../../io/clock.ts';
import { cryptoRandom } from '../../../io/random.ts';
import type { Admission } from './admission/admission.ts';
import { ownCall, type Api, type Call } from './api.ts';
import { SYSTEM } from './authn/user.ts';
import { builtinKinds } from './registry/builtin-kinds.ts';
import { Registry } from './registry/registry.ts';
import { Journal } from './store/journal.ts';
import { Store } from './store/store.ts';

/** The verbs of the API server without HTTP, on an empty store with the namespaces `a` and `b`. */
export function createTestApi(pause: () => Promise<void> = async () => {}): Api {
  const store = new Store(new Journal(':memory:'));
  for (const name of ['a', 'b']) {
    store.put('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  return {
    registry: new Registry(builtinKinds()),
    store,
    admission: slowAdmission(pause),
    clock: systemClock,
    random: cryptoRandom,
    log: silentLog,
    podRuntime: () => undefined,
  };
}

/** Admission that wants nothing but time, which is when other writers come in. */
function slowAdmission(pause: () => Promise<void>): Admission {
  return {
    mutate: async () => {
      await pause();
      return undefined;
    },
    validate: () => pause(),
  };
}

/** A call about a ConfigMap; all of a namespace without a name, all of all without a namespace. */
export function configMapCall(api: Api, namespace = '', name = ''): Call {
  const kind = must(api.registry.findKind('v1', 'ConfigMap'), () => 'No ConfigMap');
  return ownCall(SYSTEM, kind, { namespace, name });
}
