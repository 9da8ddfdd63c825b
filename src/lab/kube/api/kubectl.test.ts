import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crdManifest } from '../../../api/custom-resource.ts';
import { SECURITY_GROUP_POLICY_CRD } from '../../../api/security-group-policy.ts';
import {
  createKubectlUser,
  isKubectlThere,
  KUBECTL,
  type KubectlUser,
  type Outcome,
} from './kubectl-user.real.ts';
import { startTestServer, type TestServer } from './test-server.fake.ts';

/** Real kubectl against the real server, as a user would do it. Skipped where there is no kubectl. */
const hasKubectl = await isKubectlThere();

const WEB = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - { name: main, image: 'nginx:1.27', ports: [{ containerPort: 80 }] }
        - { name: side, image: 'busybox:1', command: [sleep, '9'] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;

describe.skipIf(!hasKubectl)('kubectl', { timeout: 30_000 }, () => {
  let server: TestServer;
  let user: KubectlUser;

  beforeAll(async () => {
    server = await startTestServer();
    user = await createKubectlUser(server);
  });
  afterAll(async () => {
    await server.close();
    await user.close();
  });

  const kubectl = (line: string, input?: string): Promise<Outcome> => user.kubectl(line, input);
  const ok = (line: string, input?: string): Promise<string> => user.ok(line, input);
  const fails = (line: string, input?: string): Promise<string> => user.fails(line, input);

  test('finds its way around', async () => {
    expect(await ok('version')).toContain('Server Version: v1.32');
    expect(await ok('api-resources --no-headers -o name')).toMatch(/^deployments\.apps$/m);
    expect(await ok('api-versions')).toContain('apps/v1');
    expect(await ok('auth whoami -o jsonpath={.status.userInfo.username}')).toBe('admin');
    expect(await ok('auth can-i create pods')).toBe('yes');
    expect(await ok('get ns -o name')).toContain('namespace/kube-system');
    expect(await ok('get --raw /readyz')).toBe('ok');
  });

  test('explains kinds from the OpenAPI documents', async () => {
    const text = await ok('explain deployment.spec.template.spec.containers.ports');
    expect(text).toContain('containerPort\t<integer> -required-');
    expect(await ok('explain pod.spec.nodeName')).toContain('FIELD: nodeName <string>');
  });

  test('applies, and applies again without a change', async () => {
    expect(await ok('apply -f -', WEB)).toBe('deployment.apps/web created\nservice/web created');
    expect(await ok('apply -f -', WEB)).toBe(
      'deployment.apps/web unchanged\nservice/web unchanged',
    );
    expect(await ok('diff -f -', WEB)).toBe('');
  });

  test('applies a change and takes away what was taken away', async () => {
    const changed = WEB.replace('replicas: 2', 'replicas: 3').replace(
      /^ *- \{ name: side.*\n/m,
      '',
    );
    await ok('apply -f -', changed);
    const path = '{.spec.replicas}/{.spec.template.spec.containers[*].name}';
    expect(await ok(`get deploy web -o jsonpath=${path}`)).toBe('3/main');
    await ok('apply -f -', WEB);
    expect(await ok(`get deploy web -o jsonpath=${path}`)).toBe('2/main side');
  });

  test('a server-side dry run says what would be and stores nothing', async () => {
    const changed = WEB.replace('replicas: 2', 'replicas: 7');
    expect(await ok('apply --dry-run=server -f -', changed)).toContain(
      'configured (server dry run)',
    );
    expect(await ok('get deploy web -o jsonpath={.spec.replicas}')).toBe('2');
  });

  test('prints tables', async () => {
    const lines = (await ok('get deploy,svc -o wide')).split('\n');
    expect(lines[0]).toMatch(
      /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR/,
    );
    expect(lines[1]).toMatch(/^deployment.apps\/web +0\/2 +0 +0 +\d+s +main,side +nginx:1.27,busy/);
    expect(lines.find((line) => line.startsWith('service/web'))).toMatch(
      /^service\/web +ClusterIP +10\.100\.\d+\.\d+ +<none> +80\/TCP +\d+s +app=web/,
    );
  });

  test('prints pods with their state', async () => {
    await ok('run shown --image=nginx --labels=app=shown');
    const status = {
      phase: 'Running',
      podIP: '10.0.0.9',
      containerStatuses: [
        {
          name: 'shown',
          image: 'nginx',
          imageID: '',
          ready: true,
          restartCount: 2,
          state: { running: {} },
        },
      ],
    };
    await server.fetch('/api/v1/namespaces/default/pods/shown/status', {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: { status },
    });
    const [head, row] = (await ok('get pods -l app=shown -o wide')).split('\n');
    expect(head).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES$/,
    );
    expect(row).toMatch(/^shown +1\/1 +Running +2 +\d+s +10\.0\.0\.9 +<none> +<none> +<none>$/);
    expect(await ok('get pods -A --field-selector=status.phase=Running -o name')).toBe('pod/shown');
    expect(await ok('describe pod shown')).toMatch(/Service Account: +default/);
  });

  test('edits by label, annotate, set and three kinds of patch', async () => {
    await ok('label deploy web tier=front');
    await ok('annotate deploy web note=hello');
    await ok('set env deploy/web -c main COLOUR=blue');
    await ok('set image deploy/web side=busybox:2');
    await ok(
      'patch deploy web -p {"spec":{"template":{"spec":{"containers":[{"name":"main","tty":true}]}}}}',
    );
    await ok('patch deploy web --type=merge -p {"metadata":{"labels":{"tier":null}}}');
    await ok(
      'patch deploy web --type=json -p [{"op":"replace","path":"/spec/replicas","value":4}]',
    );
    const deploy = JSON.parse(await ok('get deploy web -o json')) as {
      metadata: { labels: object; annotations: object };
      spec: { replicas: number; template: { spec: { containers: object[] } } };
    };
    expect(deploy.metadata.labels).toEqual({ app: 'web' });
    expect(deploy.metadata.annotations).toMatchObject({ note: 'hello' });
    expect(deploy.spec.replicas).toBe(4);
    expect(deploy.spec.template.spec.containers).toMatchObject([
      { name: 'main', tty: true, env: [{ name: 'COLOUR', value: 'blue' }] },
      { name: 'side', image: 'busybox:2' },
    ]);
  });

  test('scales, restarts and waits for a rollout', async () => {
    await ok('scale deploy/web --replicas=1');
    expect(await ok('get deploy web -o jsonpath={.spec.replicas}')).toBe('1');
    expect(await ok('rollout restart deploy/web')).toBe('deployment.apps/web restarted');
    const rollout = kubectl('rollout status deploy/web --timeout=20s');
    const generation = Number(await ok('get deploy web -o jsonpath={.metadata.generation}'));
    await server.fetch('/apis/apps/v1/namespaces/default/deployments/web/status', {
      method: 'PATCH',
      type: 'application/merge-patch+json',
      body: {
        status: {
          observedGeneration: generation,
          replicas: 1,
          updatedReplicas: 1,
          readyReplicas: 1,
          availableReplicas: 1,
          conditions: [{ type: 'Available', status: 'True' }],
        },
      },
    });
    expect((await rollout).out).toContain('deployment "web" successfully rolled out');
    expect(await ok('wait deploy/web --for=condition=Available --timeout=10s')).toBe(
      'deployment.apps/web condition met',
    );
  });

  test('watches', async () => {
    const child = spawn(KUBECTL, ['get', 'configmaps', '-w', '--no-headers'], { env: user.env });
    const seen = new Promise<string>((resolve) => {
      let text = '';
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (/^watched +2 /m.test(text)) resolve(text);
      });
    });
    await ok('create configmap watched --from-literal=a=1');
    await ok('patch configmap watched --type=merge -p {"data":{"b":"2"}}');
    const text = await seen;
    child.kill();
    expect(text).toMatch(/^watched +1 +\d+s\nwatched +2 +\d+s/m);
  });

  test('creates by typed commands, which send Protobuf', async () => {
    await ok('create namespace shop');
    await ok('create secret generic key -n shop --from-literal=a=b');
    await ok('create serviceaccount bob -n shop');
    await ok('create deployment api -n shop --image=nginx --replicas=0 --port=8080');
    expect(await ok('get secret key -n shop -o jsonpath={.data.a}')).toBe('Yg==');
    expect(await ok('get deploy api -n shop -o jsonpath={.spec.replicas}')).toBe('0');
  });

  test('shows events', async () => {
    const uid = await ok('get pod shown -o jsonpath={.metadata.uid}');
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'shown.1', namespace: 'default' },
      involvedObject: { kind: 'Pod', name: 'shown', namespace: 'default', uid, apiVersion: 'v1' },
      reason: 'Tested',
      message: 'It was seen',
      type: 'Normal',
      lastTimestamp: new Date().toISOString(),
    };
    await ok('create -f -', JSON.stringify(event));
    expect(await ok('get events')).toMatch(/Normal +Tested +pod\/shown +It was seen/);
    expect(await ok('events --for pod/shown')).toMatch(/Normal +Tested +Pod\/shown +It was seen/);
    expect(await ok('describe pod shown')).toMatch(/Normal +Tested .* It was seen/);
    expect(await ok('get events.events.k8s.io shown.1 -o jsonpath={.note}')).toBe('It was seen');
  });

  test('deletes, a namespace with all that is in it', async () => {
    expect(await ok('delete ns shop --timeout=20s')).toBe('namespace "shop" deleted');
    expect(await fails('get deploy api -n shop')).toContain('not found');
    await ok('delete pod shown');
    await ok('delete deploy,svc -l app=web');
    expect(await fails('get deploy web')).toBe(
      'Error from server (NotFound): deployments.apps "web" not found',
    );
  });

  describe('with custom resources', () => {
    const policy = (spec: object): string =>
      JSON.stringify({
        apiVersion: 'vpcresources.k8s.aws/v1beta1',
        kind: 'SecurityGroupPolicy',
        metadata: { name: 'p' },
        spec,
      });

    beforeAll(async () => {
      await ok('apply -f -', JSON.stringify(crdManifest(SECURITY_GROUP_POLICY_CRD)));
      await ok('wait crd --all --for=condition=Established --timeout=10s');
    });

    test('serves them at once, by short name and with their columns', async () => {
      await ok('apply -f -', policy({ podSelector: {}, securityGroups: { groupIds: ['sg-1'] } }));
      const [head, row] = (await ok('get sgp')).split('\n');
      expect(head).toMatch(/^NAME +SECURITY-GROUP-IDS$/);
      expect(row).toMatch(/^p +\["sg-1"\]$/);
      expect(await ok('explain sgp.spec.securityGroups')).toContain('groupIds\t<[]string>');
      await ok('patch sgp p --type=merge -p {"spec":{"securityGroups":{"groupIds":["sg-2"]}}}');
      expect(await ok('get sgp p -o jsonpath={.spec.securityGroups.groupIds[0]}')).toBe('sg-2');
    });

    test('says what is wrong with an invalid one', async () => {
      expect(await fails('apply -f -', policy({ securityGroups: { groupIds: [] } }))).toContain(
        'The SecurityGroupPolicy "p" is invalid: spec.securityGroups.groupIds: ' +
          'Invalid value: 0: spec.securityGroups.groupIds in body should have at least 1 items',
      );
      expect(await fails('apply -f -', policy({ podSelectr: {} }))).toContain(
        'strict decoding error: unknown field "spec.podSelectr"',
      );
      expect(await fails('apply -f -', policy({ podSelector: [] }))).toContain(
        'spec.podSelector in body must be of type object: "array"',
      );
    });

    test('forgets them with their definition', async () => {
      await ok('delete crd securitygrouppolicies.vpcresources.k8s.aws');
      // Which of the two depends on what kubectl remembers of discovery.
      expect(await fails('get sgp')).toMatch(
        /could not find the requested resource|doesn't have a resource type/,
      );
    });
  });

  test('is refused with 401 when it does not say who it is', async () => {
    await ok('config set-credentials nobody');
    expect(await fails('get ns --user=nobody --username= --token=wrong')).toMatch(
      /Unauthorized|must be logged in/,
    );
  });
});
