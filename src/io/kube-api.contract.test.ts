import { kubeClientContract } from '../api/client.contract.ts';
import { silentLog } from '../base/log.ts';
import { startKubeApi } from '../lab/kube/api/server.ts';
import { systemClock } from './clock.ts';
import { createKubeClient } from './kube-client.ts';
import { cryptoRandom } from './random.ts';

kubeClientContract('the embedded Kubernetes API', async () => {
  const api = await startKubeApi({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    dataFile: ':memory:',
    serverNames: ['127.0.0.1'],
    clock: systemClock,
    random: cryptoRandom,
    log: silentLog,
    podRuntime: () => undefined,
  });
  const client = await api.issueClientCertificate({ user: 'admin', groups: ['system:masters'] });
  const server = `https://127.0.0.1:${api.port}`;
  const kube = createKubeClient({ server, caPem: api.caPem, ...client });
  const close = async (): Promise<void> => {
    await kube.close();
    await api.close();
  };
  return { kube, close };
});
