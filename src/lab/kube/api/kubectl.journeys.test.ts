import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PODS } from '../../../api/core/pod.ts';
import {
  createKubectlUser,
  isKubectlThere,
  KUBECTL,
  type KubectlUser,
} from './kubectl-user.real.ts';
import { startTestServer, type TestServer } from './test-server.fake.ts';

/** What users of EKS do all day and what they do by mistake, with real kubectl. */
const hasKubectl = await isKubectlThere();

const json = (object: object): string => JSON.stringify(object);
const configMap = (name: string, more: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
});
const DEPLOYMENT = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'nginx' }] },
    },
  },
};

describe.skipIf(!hasKubectl)('a user with kubectl', { timeout: 40_000 }, () => {
  let server: TestServer;
  let user: KubectlUser;
  beforeAll(async () => {
    server = await startTestServer();
    user = await createKubectlUser(server, { EDITOR: 'sed -i -f edits' });
  });
  afterAll(async () => {
    await server.close();
    await user.close();
  });
  const ok: KubectlUser['ok'] = (line, input) => user.ok(line, input);
  const fails: KubectlUser['fails'] = (line, input) => user.fails(line, input);

  describe('applies', () => {
    test('a List, whose items are checked', async () => {
      const list = (...items: object[]): string => json({ apiVersion: 'v1', kind: 'List', items });
      const service = {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'listed' },
        spec: { ports: [{ port: 80, targetPort: 'http' }] },
      };
      expect(await ok('apply -f -', list(configMap('listed'), service, DEPLOYMENT))).toBe(
        'configmap/listed created\nservice/listed created\ndeployment.apps/web created',
      );
      expect(await fails('apply -f -', list(configMap('other', { dat: {} })))).toContain(
        'unknown field "dat"',
      );
    });

    test('no kind that is not there, and is told so', async () => {
      const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x' } };
      expect(await fails('apply -f -', json(job))).toContain(
        'no matches for kind "Job" in version "batch/v1"',
      );
      expect(await fails('create job x --image=i')).toContain(
        'the server could not find the requested resource',
      );
    });

    test('a change that diff has shown', async () => {
      await ok('apply -f -', json(configMap('shown', { data: { a: 'one' } })));
      const changed = json(configMap('shown', { data: { a: 'two' } }));
      const { code, out } = await user.kubectl('diff -f -', changed);
      expect(code).toBe(1);
      expect(out).toMatch(/^- {2}a: one$/m);
      expect(out).toMatch(/^\+ {2}a: two$/m);
      expect(await ok('get cm shown -o jsonpath={.data.a}')).toBe('one');
    });

    test('on the server, and is told of others who did', async () => {
      const wanted = (a: string): string => json(configMap('mine', { data: { a } }));
      await ok('apply --server-side --field-manager=one -f -', wanted('1'));
      const refused = await fails('apply --server-side --field-manager=two -f -', wanted('2'));
      expect(refused).toContain('Apply failed with 1 conflict: conflict with "one": .data.a');
      await ok('apply --server-side --field-manager=two --force-conflicts -f -', wanted('2'));
      expect(await ok('get cm mine -o jsonpath={.data.a}')).toBe('2');
    });

    test('a Service with the same port twice, by two protocols, on the server', async () => {
      const ports = [
        { name: 'tcp', port: 53 },
        { name: 'udp', port: 53, protocol: 'UDP' },
      ];
      const dns = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'dns' }, spec: { ports } };
      await ok('apply --server-side -f -', json(dns));
      await ok('apply --server-side -f -', json(dns));
      const path = '{range .spec.ports[*]}{.name}/{.protocol} {end}';
      expect(await ok(['get', 'svc', 'dns', '-o', `jsonpath=${path}`])).toBe('tcp/TCP udp/UDP');
    });

    test('no object that is too large, and is told which part is', async () => {
      const file = join(user.dir, 'big');
      await writeFile(file, 'x'.repeat(1024 * 1024 + 1));
      expect(await fails(`create configmap big --from-file=${file}`)).toBe(
        'error: failed to create configmap: ConfigMap "big" is invalid: []: Too long: may not be ' +
          'more than 1048576 bytes',
      );
      expect(await fails(`create secret generic big --from-file=${file}`)).toContain(
        'data: Too long: may not be more than 1048576 bytes',
      );
      const noted = json(configMap('big', { data: { a: 'x'.repeat(300_000) } }));
      expect(await fails('apply -f -', noted)).toContain(
        'metadata.annotations: Too long: may not be more than 262144 bytes',
      );
      expect(await ok('create -f -', noted)).toBe('configmap/big created');
    });
  });

  describe('edits', () => {
    const edits = (script: string): Promise<void> => writeFile(join(user.dir, 'edits'), script);
    const edit = (what: string): ReturnType<KubectlUser['kubectl']> =>
      new Promise((resolve) => {
        const child = spawn(KUBECTL, ['edit', ...what.split(' ')], {
          cwd: user.dir,
          env: user.env,
        });
        const text = { out: '', err: '' };
        child.stdout.on('data', (chunk: Buffer) => (text.out += chunk.toString()));
        child.stderr.on('data', (chunk: Buffer) => (text.err += chunk.toString()));
        child.once('close', (code) => resolve({ code: code ?? 1, ...text }));
      });

    test('an object', async () => {
      await ok('create configmap edited --from-literal=a=one');
      await edits('s/a: one/a: two/');
      expect((await edit('cm edited')).out).toBe('configmap/edited edited\n');
      expect(await ok('get cm edited -o jsonpath={.data}')).toBe('{"a":"two"}');
      expect((await edit('cm edited')).err).toContain('Edit cancelled, no changes made');
    });

    test('to what is refused, and keeps the text', async () => {
      await edits('s/replicas: 1/replicas: -1/');
      const { code, err } = await edit('deploy web');
      expect(code).toBe(1);
      expect(err).toContain('deployments.apps "web" is invalid');
      expect(err).toContain('A copy of your changes has been stored');
    });
  });

  describe('changes', () => {
    test('a list by patch: what is new comes first', async () => {
      const patch = json({
        spec: { template: { spec: { containers: [{ name: 'new', image: 'i' }] } } },
      });
      await ok(['patch', 'deploy', 'web', '-p', patch]);
      const path = '{.spec.template.spec.containers[*].name}';
      expect(await ok(`get deploy web -o jsonpath=${path}`)).toBe('new main');
    });

    test('images, variables and resources of a workload', async () => {
      await ok('set image deploy/web main=nginx:2');
      await ok('set env deploy/web -c main A=b');
      expect(await ok('set env deploy/web -c main --list')).toMatch(/^A=b$/m);
      await ok('set resources deploy/web -c main --limits=cpu=100m');
      const path = '{.spec.template.spec.containers[?(@.name=="main")].resources.limits.cpu}';
      expect(await ok(['get', 'deploy', 'web', '-o', `jsonpath=${path}`])).toBe('100m');
    });

    test('nothing by a stale version, and everything by force', async () => {
      const { json: old } = await server.fetch('/api/v1/namespaces/default/configmaps/shown');
      await ok('label cm shown by=other');
      const refused = await fails(
        'replace -f -',
        json({ ...old, kind: 'ConfigMap', apiVersion: 'v1' }),
      );
      expect(refused).toContain('the object has been modified; please apply your changes');
      await ok('replace --force -f -', json(configMap('shown', { data: { b: '1' } })));
      expect(await ok('get cm shown -o jsonpath={.data}')).toBe('{"b":"1"}');
    });

    test('no label that is there already', async () => {
      await ok('label cm shown x=1');
      expect(await fails('label cm shown x=2')).toContain("'x' already has a value (1)");
      await ok('label cm shown x=2 --overwrite');
      await ok('label cm shown x-');
      expect(await fails('create configmap shown')).toBe(
        'error: failed to create configmap: configmaps "shown" already exists',
      );
    });
  });

  describe('waits and deletes', () => {
    test('behind a finalizer, until it is released', async () => {
      await ok('create configmap held');
      await ok(['patch', 'cm', 'held', '-p', '{"metadata":{"finalizers":["example.com/hold"]}}']);
      await ok('delete cm held --wait=false');
      expect(await fails('delete cm held --timeout=1s')).toContain('timed out waiting');
      expect(await ok('get cm held -o jsonpath={.metadata.deletionTimestamp}')).toMatch(/^20\d\d-/);
      const added = '{"metadata":{"finalizers":["example.com/hold","example.com/more"]}}';
      expect(await fails(['patch', 'cm', 'held', '--type=merge', '-p', added])).toContain(
        'no new finalizers can be added if the object is being deleted',
      );
      const waiting = user.kubectl('wait cm/held --for=delete --timeout=20s');
      // It says nothing when the object is gone before it has looked.
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      await ok([
        'patch',
        'cm',
        'held',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/metadata/finalizers"}]',
      ]);
      expect(await waiting).toMatchObject({ code: 0, out: 'configmap/held condition met\n' });
      expect(await fails('get cm held')).toContain('configmaps "held" not found');
    });

    test('for values and for what is not there yet', async () => {
      await ok('create configmap late --from-literal=a=1');
      const value = user.kubectl('wait cm/late --for=jsonpath={.data.a}=2 --timeout=20s');
      const made = user.kubectl('wait cm/later --for=create --timeout=20s');
      await ok(['patch', 'cm', 'late', '-p', '{"data":{"a":"2"}}']);
      await ok('create configmap later');
      expect((await value).code).toBe(0);
      expect((await made).code).toBe(0);
      expect(await fails('wait cm/late --for=jsonpath={.data.a}=3 --timeout=1s')).toContain(
        'timed out',
      );
    });

    test('a namespace, when all that is in it is gone', async () => {
      await ok('create ns doomed');
      await ok('create configmap held -n doomed');
      await ok([
        'patch',
        'cm',
        'held',
        '-n',
        'doomed',
        '-p',
        '{"metadata":{"finalizers":["a.b/c"]}}',
      ]);
      await ok('delete ns doomed --wait=false');
      expect(await ok('get ns doomed -o jsonpath={.status.phase}')).toBe('Terminating');
      expect(await fails('create configmap more -n doomed')).toContain(
        'because it is being terminated',
      );
      await ok([
        'patch',
        'cm',
        'held',
        '-n',
        'doomed',
        '--type=merge',
        '-p',
        '{"metadata":{"finalizers":null}}',
      ]);
      await ok('wait ns/doomed --for=delete --timeout=20s');
      expect(await fails('delete ns kube-system')).toContain('this namespace may not be deleted');
    });
  });

  describe('looks', () => {
    test('at names that the server made', async () => {
      const made = configMap('', { metadata: { generateName: 'made-' } });
      const first = await ok('create -f -', json(made));
      expect(first).toMatch(/^configmap\/made-[a-z0-9]{5} created$/);
      expect(await ok('create -f -', json(made))).not.toBe(first);
    });

    test('at a thousand pods, in chunks or not', async () => {
      await ok('create ns crowd');
      const create = (i: number): Promise<unknown> =>
        server.kube.create(PODS, {
          metadata: {
            name: `p${String(i).padStart(4, '0')}`,
            namespace: 'crowd',
            labels: { even: String(i % 2 === 0) },
          },
          spec: { containers: [{ name: 'c', image: 'i' }] },
        });
      for (let i = 0; i < 1000; i += 50) {
        await Promise.all(Array.from({ length: 50 }, (_, k) => create(i + k)));
      }
      for (const size of [0, 70, 500]) {
        const names = (await ok(`get pods -n crowd --chunk-size=${size} -o name`)).split('\n');
        expect(names).toHaveLength(1000);
        expect(names).toEqual(names.toSorted());
      }
      const even = await ok('get pods -n crowd -l even=true --no-headers --chunk-size=99');
      expect(even.split('\n')).toHaveLength(500);
      const byTime = await ok('get pods -n crowd --sort-by=.metadata.name -o name');
      expect(byTime.split('\n')[0]).toBe('pod/p0000');
      const all = '/api/v1/namespaces/crowd/pods?labelSelector=even%3Dtrue';
      expect((await server.fetch(all, { method: 'DELETE' })).status).toBe(200);
      expect((await ok('get pods -n crowd -o name')).split('\n')).toHaveLength(500);
    });

    test.each([
      ['-l a=,,', "found ',', expected: identifier after ','"],
      ['-l a>b', "for 'Gt', 'Lt' operators, the value must be an integer"],
      ['--field-selector spec.x=1', 'field label not supported: spec.x'],
    ])('with %s in vain', async (selector, text) => {
      expect(await fails(`get pods ${selector}`)).toContain(text);
    });

    test('at changes as they come, by kind of event', async () => {
      const child = spawn(KUBECTL, ['get', 'cm', '-w', '--watch-only', '--output-watch-events'], {
        env: user.env,
      });
      let text = '';
      const seen = new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          if (text.includes('DELETED')) resolve();
        });
      });
      // The watch has to have begun.
      let probes = 0;
      const began = async (): Promise<void> => {
        await ok(`create configmap probe-${(probes += 1)}`);
        expect(text).not.toBe('');
      };
      await vi.waitFor(began, { timeout: 20_000, interval: 100 });
      await ok('create configmap seen');
      await ok('label cm seen a=b');
      await ok('delete cm seen');
      await seen;
      child.kill();
      expect(text).toMatch(/ADDED +seen .*\nMODIFIED +seen .*\nDELETED +seen /);
    });
  });

  describe('handles nodes', () => {
    beforeAll(async () => {
      await ok('create -f -', json({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } }));
    });

    test('cordons, taints and labels them', async () => {
      await ok('cordon n');
      expect(await ok('get node n --no-headers')).toMatch(/^n +Unknown,SchedulingDisabled/);
      await ok('uncordon n');
      await ok('taint node n a=b:NoSchedule');
      expect(await fails('taint node n a=c:NoSchedule')).toContain('already has a taint');
      await ok('taint node n a-');
      await ok('label node n foo=bar');
      expect(await ok('get node n -o jsonpath={.spec.taints}{.metadata.labels.foo}')).toBe('bar');
    });

    test('drains them, pods without an owner only by force', async () => {
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'lonely' },
        spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] },
      };
      await ok('create -f -', json(pod));
      expect(await fails('drain n')).toContain('cannot delete Pods that declare no controller');
      expect(await ok('drain n --force --grace-period=0 --timeout=20s')).toContain(
        'pod/lonely evicted',
      );
      expect(await fails('get pod lonely')).toContain('not found');
    });
  });

  test('is told plainly what is not there', async () => {
    expect(await fails('top pods')).toBe('error: Metrics API not available');
    expect(await fails('autoscale deploy/web --max=3')).toContain(
      'could not find the requested resource',
    );
    expect(await fails('get --raw /metrics')).toContain('could not find the requested resource');
    expect(JSON.parse(await ok('get --raw /'))).toMatchObject({
      paths: expect.arrayContaining(['/api', '/openapi/v2', '/readyz']),
    });
    expect(await fails('get nonsense')).toContain(
      `the server doesn't have a resource type "nonsense"`,
    );
  });
});

describe('the OpenAPI v2 document', () => {
  test('has a definition for each kind and none that dangles', async () => {
    const server = await startTestServer();
    try {
      const { json: document } = await server.fetch('/openapi/v2');
      const { definitions } = document as { definitions: Record<string, Record<string, unknown>> };
      expect(definitions['io.k8s.api.apps.v1.Deployment']).toMatchObject({
        'x-kubernetes-group-version-kind': [{ group: 'apps', version: 'v1', kind: 'Deployment' }],
      });
      const references = JSON.stringify(definitions).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g);
      for (const [, name = ''] of references) expect(Object.keys(definitions)).toContain(name);
      expect(JSON.stringify(definitions)).not.toContain('#/components');
      const accept = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
      const binary = await server.fetch('/openapi/v2', { accept });
      expect(binary.headers['content-type']).toBe(accept);
    } finally {
      await server.close();
    }
  });
});
