/** The lab's Kubernetes API as a process of its own: `kube-api.real.ts FOLDER` writes a kubeconfig. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/io/clock.ts';
import { cryptoRandom } from '../../src/io/random.ts';
import { startKubeApi } from '../../src/lab/kube/api/server.ts';

const folder = resolve(process.argv[2] ?? '.');
const api = await startKubeApi({
  listeners: [{ host: '127.0.0.1', port: 0 }],
  dataFile: join(folder, 'kube.sqlite'),
  serverNames: ['127.0.0.1'],
  pkiDir: join(folder, 'pki'),
  clock: systemClock,
  random: cryptoRandom,
  log: silentLog,
  podRuntime: () => undefined,
});
const named = (inner: string, fields: object): object[] => [{ name: 'test', [inner]: fields }];
const config = {
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'test',
  contexts: named('context', { cluster: 'test', user: 'test' }),
  clusters: named('cluster', {
    server: `https://127.0.0.1:${api.port}`,
    'certificate-authority-data': btoa(api.caPem),
  }),
  users: named('user', { token: api.issueToken('tester', ['system:masters']) }),
};
writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config));
process.once('SIGTERM', () => void api.close());
process.stdout.write('Serving on kubernetes\n');
