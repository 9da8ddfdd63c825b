import { EC2Client } from '@aws-sdk/client-ec2';
import type { KubeClient } from '../../api/client.ts';
import { CNI_NODE_CRD } from '../../api/cni-node.ts';
import { CUSTOM_RESOURCE_DEFINITIONS, crdManifest } from '../../api/custom-resource.ts';
import type { Informers } from '../../api/informer.ts';
import { SECURITY_GROUP_POLICY_CRD } from '../../api/security-group-policy.ts';
import { VPC_OBJECT_CRDS } from '../../api/vpc/all.ts';
import { randomHex, type Random } from '../../base/random.ts';
import type { Ec2Client } from '../../ec2/client.ts';
import { createEc2Client } from '../../io/ec2-client.ts';
import { createInformers } from '../../io/informer.ts';
import { createKubeClient } from '../../io/kube-client.ts';
import { cryptoRandom } from '../../io/random.ts';
import { startVpcApi, type VpcApi } from '../../vpc/server.ts';
import { startKubeApi, type KubeApi } from '../kube/api/server.ts';
import { createPki, type Pki } from '../kube/pki.ts';
import type { PodRuntime } from '../kube/pod-runtime.ts';
import type { LabRuntime } from '../launch/runtime.ts';
import { analyse } from './analyse.ts';
import { ensure } from './ensure.ts';
import { KUBERNETES_NAMES } from './kubernetes-service.ts';

/** Account that owns everything in the lab. */
export const LAB_ACCOUNT = '111122223333';
/** Region of the lab. */
export const LAB_REGION = 'us-east-1';
/** Name of the lab's cluster, as in interface tags. */
export const LAB_CLUSTER = 'trunkline-lab';

const CRDS = [SECURITY_GROUP_POLICY_CRD, CNI_NODE_CRD, ...VPC_OBJECT_CRDS];

/** The Kubernetes and VPC APIs, and clients for them. */
export interface ControlPlane {
  readonly api: KubeApi;
  readonly pki: Pki;
  readonly kube: KubeClient;
  /** A client that signs in as somebody else; admission tells callers apart. Closed with the rest. */
  readonly signIn: (user: string) => Promise<KubeClient>;
  readonly informers: Informers;
  /** The SDK client, for what a user would do. */
  readonly sdk: EC2Client;
  /** The narrow port, for controller and agents. */
  readonly ec2: Ec2Client;
  /** Port of the VPC API on the lab's loopback. */
  readonly ec2Port: number;
  readonly metadataOf: VpcApi['metadataOf'];
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  close(): Promise<void>;
}

/** Starts both APIs, installs the CRDs and signs in. `runtimeOf` finds the kubelet of a node. */
export async function startControlPlane(
  runtime: LabRuntime,
  runtimeOf: (nodeName: string) => PodRuntime | undefined,
): Promise<ControlPlane> {
  const api = await startKube(runtime, runtimeOf);
  const pki = await createPki({ dir: pkiDir(runtime) });
  const clients = createClients(api);
  const kube = await clients.signIn('trunkline');
  for (const crd of CRDS) await ensure(kube, CUSTOM_RESOURCE_DEFINITIONS, crdManifest(crd));
  const stop = new AbortController();
  const informers = createInformers({
    kube,
    clock: runtime.clock,
    log: runtime.log.child({ component: 'informers' }),
    signal: stop.signal,
  });
  const ec2 = await startEc2(runtime, kube, informers);
  return {
    ...ec2,
    api,
    pki,
    kube,
    signIn: clients.signIn,
    informers,
    close: async () => {
      await ec2.close();
      stop.abort(new Error('The lab is stopping'));
      await clients.close();
      await api.close();
    },
  };
}

/** The API server makes its authority here; the webhook's certificate comes from the same one. */
function pkiDir({ dataDir }: Pick<LabRuntime, 'dataDir'>): string {
  return `${dataDir}/pki`;
}

function startKube(
  { clock, log, listeners, dataDir }: LabRuntime,
  podRuntime: (nodeName: string) => PodRuntime | undefined,
): Promise<KubeApi> {
  return startKubeApi({
    listeners: [{ host: '127.0.0.1', port: 0 }, { fd: listeners.kube.fd }],
    dataFile: `${dataDir}/kube.sqlite`,
    serverNames: ['127.0.0.1', 'localhost', ...KUBERNETES_NAMES],
    pkiDir: pkiDir({ dataDir }),
    podRuntime,
    clock,
    random: cryptoRandom,
    log: log.child({ component: 'kube-api' }),
  });
}

/** Clients by user, all members of system:masters: the lab has no authorisation. */
function createClients(api: KubeApi): Pick<ControlPlane, 'signIn' | 'close'> {
  const open: { close(): Promise<void> }[] = [];
  return {
    signIn: async (user) => {
      const certificate = await api.issueClientCertificate({ user, groups: ['system:masters'] });
      const server = `https://127.0.0.1:${api.port}`;
      const client = createKubeClient({ server, caPem: api.caPem, ...certificate });
      open.push(client);
      return client;
    },
    close: async () => {
      await Promise.all(open.map((client) => client.close()));
    },
  };
}

type Ec2Side = Pick<
  ControlPlane,
  'sdk' | 'ec2' | 'ec2Port' | 'metadataOf' | 'credentials' | 'close'
>;

async function startEc2(
  { clock, log, listeners }: LabRuntime,
  kube: KubeClient,
  informers: Informers,
): Promise<Ec2Side> {
  const credentials = labCredentials(cryptoRandom);
  const vpcApi = await startVpcApi({
    listeners: [{ host: '127.0.0.1', port: 0 }, { fd: listeners.ec2.fd }],
    kube,
    informers,
    clock,
    random: cryptoRandom,
    log: log.child({ component: 'vpc-api' }),
    accounts: [{ accountId: LAB_ACCOUNT, userName: 'lab', ...credentials }],
    region: LAB_REGION,
    seeds: ['node-role'],
    distribute: true,
    analyse,
  });
  const endpoint = `http://127.0.0.1:${vpcApi.port}`;
  const sdk = new EC2Client({ endpoint, region: LAB_REGION, credentials });
  const ec2 = createEc2Client({ endpoint, region: LAB_REGION, credentials });
  return {
    credentials,
    sdk,
    ec2,
    ec2Port: vpcApi.port,
    metadataOf: vpcApi.metadataOf,
    close: async () => {
      sdk.destroy();
      ec2.close();
      await vpcApi.close();
    },
  };
}

/** Keys in the shape that AWS uses; new ones for every start of the lab. */
function labCredentials(random: Random): { accessKeyId: string; secretAccessKey: string } {
  return {
    accessKeyId: `AKIA${randomHex(random, 16).toUpperCase()}`,
    secretAccessKey: randomHex(random, 40),
  };
}
