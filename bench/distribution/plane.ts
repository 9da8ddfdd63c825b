/** The Kubernetes API and the VPC API in one process, for distribution.ts. */
import { CUSTOM_RESOURCE_DEFINITIONS, crdManifest } from '../../src/api/custom-resource.ts';
import { VPC_OBJECT_CRDS } from '../../src/api/vpc/all.ts';
import { silentLog } from '../../src/base/log.ts';
import { systemClock } from '../../src/io/clock.ts';
import { createInformers } from '../../src/io/informer.ts';
import { createKubeClient } from '../../src/io/kube-client.ts';
import { cryptoRandom } from '../../src/io/random.ts';
import { startKubeApi } from '../../src/lab/kube/api/server.ts';
import { startVpcApi } from '../../src/vpc/server.ts';

/** The account of the bench. */
const KEY = { accessKeyId: 'AKIABENCH', secretAccessKey: 'bench' } as const;

const [dataFile = ''] = process.argv.slice(2);
const common = { clock: systemClock, random: cryptoRandom, log: silentLog };
const { signal } = new AbortController();
const api = await startKubeApi({
  ...common,
  listeners: [{ host: '127.0.0.1', port: 0 }],
  dataFile,
  serverNames: ['127.0.0.1'],
  podRuntime: () => undefined,
});
const certificate = await api.issueClientCertificate({ user: 'bench', groups: ['system:masters'] });
const server = { server: `https://127.0.0.1:${api.port}`, caPem: api.caPem, ...certificate };
const kube = createKubeClient(server);
for (const crd of VPC_OBJECT_CRDS) await kube.create(CUSTOM_RESOURCE_DEFINITIONS, crdManifest(crd));
const vpcApi = await startVpcApi({
  ...common,
  listeners: [{ host: '127.0.0.1', port: 0 }],
  kube,
  informers: createInformers({ ...common, kube, signal }),
  accounts: [{ accountId: '111122223333', userName: 'bench', ...KEY }],
  quotas: { interfacesPerRegion: 1_000_000 },
  distribute: true,
});
process.send?.({ server, ec2: `http://127.0.0.1:${vpcApi.port}`, key: KEY });
process.on('disconnect', () => process.exit(0));
