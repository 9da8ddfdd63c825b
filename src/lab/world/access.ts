import { stringify } from 'yaml';
import type { LabAccess, LabRuntime } from '../launch/runtime.ts';
import { LAB_CLUSTER, LAB_REGION, type ControlPlane } from './control-plane.ts';

/** What kubectl and the AWS CLI outside the lab need to reach it. */
export async function labAccess(runtime: LabRuntime, plane: ControlPlane): Promise<LabAccess> {
  const { certPem, keyPem } = await plane.api.issueClientCertificate({
    user: 'lab-user',
    groups: ['system:masters'],
  });
  const server = `https://127.0.0.1:${runtime.listeners.kube.port}`;
  return {
    kubeconfig: kubeconfig({ server, caPem: plane.api.caPem, certPem, keyPem }),
    ec2Endpoint: `http://127.0.0.1:${runtime.listeners.ec2.port}`,
    region: LAB_REGION,
    ...plane.credentials,
  };
}

function kubeconfig(from: {
  server: string;
  caPem: string;
  certPem: string;
  keyPem: string;
}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: LAB_CLUSTER,
        cluster: { server: from.server, 'certificate-authority-data': base64(from.caPem) },
      },
    ],
    users: [
      {
        name: 'lab-user',
        user: {
          'client-certificate-data': base64(from.certPem),
          'client-key-data': base64(from.keyPem),
        },
      },
    ],
    contexts: [{ name: LAB_CLUSTER, context: { cluster: LAB_CLUSTER, user: 'lab-user' } }],
    'current-context': LAB_CLUSTER,
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
