import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasProgram, runCommand, type Ended } from './run-command.ts';

/**
 * The lab as a user meets it: `lab up`, the printed environment, the real kubectl and AWS CLI. Tests
 * that need a client which is not on this machine are skipped, with the reason in their name.
 */
const kubectlHere = await hasProgram('kubectl');
const awsHere = await hasProgram('aws');
const withKubectl = kubectlHere ? test : skipped('kubectl is not on the PATH');
const withAws = awsHere ? test : skipped('the AWS CLI is not on the PATH');

const NAME = `e2e-${process.pid}`;
let home = '';
let env: Record<string, string> = {};

function skipped(reason: string): (name: string, body: () => Promise<void>) => void {
  return (name) => test.skip(`${name} (skipped: ${reason})`, () => {});
}

function trunkline(...args: string[]): Promise<Ended> {
  return runCommand(['node', 'src/bin/trunkline.mjs', ...args], { env: { XDG_STATE_HOME: home } });
}

function kubectl(...args: string[]): Promise<Ended> {
  return runCommand(['kubectl', ...args], { env, timeoutMs: 60_000 });
}

function apply(manifest: object): Promise<Ended> {
  return runCommand(['kubectl', 'apply', '-f', '-'], { env, input: JSON.stringify(manifest) });
}

function aws(...args: string[]): Promise<Ended> {
  return runCommand(['aws', ...args], { env, timeoutMs: 60_000 });
}

async function eventually(what: () => Promise<void>, limitMs = 30_000): Promise<void> {
  const deadlineMs = Date.now() + limitMs;
  for (;;) {
    try {
      return await what();
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tl-e2e-'));
  const up = await trunkline('lab', 'up', '--name', NAME);
  expect(up.stderr + up.stdout).toMatch(/up/);
  expect(up.code).toBe(0);
  const printed = await trunkline('lab', 'env', '--name', NAME);
  env = Object.fromEntries(
    [...printed.stdout.matchAll(/^export (\w+)='?([^'\n]*)'?$/gm)].map((m) => [
      m[1] ?? '',
      m[2] ?? '',
    ]),
  );
  // As `eval "$(trunkline lab env)"` would: unset what the environment says to unset.
  for (const name of printed.stdout.matchAll(/^unset (.+)$/gm)) {
    for (const variable of (name[1] ?? '').split(/\s+/)) delete process.env[variable];
  }
});

afterAll(async () => {
  const down = await trunkline('lab', 'down', '--name', NAME);
  await rm(home, { recursive: true, force: true });
  expect(down.code).toBe(0);
});

describe('kubectl', () => {
  withKubectl('lists nodes, pods, policies and CNINodes as on EKS', async () => {
    const listed = await kubectl('get', 'nodes,pods,sgp,cninodes', '-A', '-o', 'wide');
    expect(listed.code).toBe(0);
    expect(listed.stdout).toMatch(/node\/node-1 +Ready/);
    expect(listed.stdout).toMatch(/pod\/checkout-\S+ +1\/1 +Running/);
    expect(listed.stdout).toMatch(/securitygrouppolicy\S+\/payments +\["sg-[0-9a-f]{17}"\]/);
    expect(listed.stdout).toMatch(/cninode\S+\/node-1 +\[\{"name":"SecurityGroupsForPods"/);
  });

  withKubectl(
    'runs a query in checkout, which gets rows, and in catalog, which times out',
    async () => {
      const sql = 'select count(*) from orders';
      const paid = await kubectl('exec', 'deploy/checkout', '--', 'psql', '-t', '-A', '-c', sql);
      expect(paid).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\n$/) });
      const other = await kubectl('exec', 'deploy/catalog', '--', 'psql', '-t', '-A', '-c', sql);
      expect(other.code).not.toBe(0);
      expect(other.stderr).toMatch(/time(d)?[ -]?out/i);
    },
  );

  withKubectl('describes a pod with the events of its branch', async () => {
    const described = await kubectl('describe', 'pod', '-l', 'app=checkout');
    expect(described.stdout).toMatch(
      /Normal +SecurityGroupRequested .*Pod will get the following Security Groups \[sg-/,
    );
    expect(described.stdout).toMatch(/Normal +ResourceAllocated .*Allocated \[\{"eniId":"eni-/);
    expect(described.stdout).toMatch(/vpc\.amazonaws\.com\/pod-eni: +1/);
  });

  withKubectl('refuses a policy with an unknown field and names the field', async () => {
    const made = await apply(policy('typo', { podSelectr: {} }));
    expect(made.code).not.toBe(0);
    expect(made.stderr).toContain('podSelectr');
    expect((await kubectl('get', 'sgp', 'typo')).code).not.toBe(0);
  });

  withKubectl('refuses a policy with a bad selector and says what is wrong', async () => {
    const bad = { matchExpressions: [{ key: 'role', operator: 'Near', values: ['x'] }] };
    const made = await apply(policy('bad', { podSelector: bad }));
    expect(made.code).not.toBe(0);
    expect(made.stderr).toMatch(/matchExpressions\[0\]\.operator.*Near/);
    expect((await kubectl('get', 'sgp', 'bad')).code).not.toBe(0);
  });

  withKubectl(
    'holds a pod whose policy names an unknown group, says so, and makes no branch',
    async () => {
      await apply(
        policy('ghost', {
          podSelector: { matchLabels: { app: 'ghost' } },
          securityGroups: { groupIds: ['sg-0123456789abcdef0'] },
        }),
      );
      await kubectl('run', 'ghost', '--image=ghost', '--labels=app=ghost');
      await eventually(async () => {
        const described = await kubectl('describe', 'pod', 'ghost');
        expect(described.stdout).toMatch(/Warning +BranchAllocationFailed .*sg-0123456789abcdef0/);
      });
      const phase = await kubectl('get', 'pod', 'ghost', '-o', 'jsonpath={.status.phase}');
      expect(phase.stdout).toBe('Pending');
      await kubectl('delete', 'pod/ghost', 'sgp/ghost', '--wait=true');
    },
  );

  withKubectl('rejects a pod created while the webhook is down', async () => {
    expect((await trunkline('lab', 'stop', 'webhook', '--name', NAME)).code).toBe(0);
    const made = await kubectl('run', 'orphan', '--image=x', '--labels=role=payments');
    expect((await trunkline('lab', 'start', 'webhook', '--name', NAME)).code).toBe(0);
    expect(made.code).not.toBe(0);
    expect(made.stderr).toMatch(/failed calling webhook "mpod\.vpc\.k8s\.aws"/);
    expect((await kubectl('get', 'pod', 'orphan')).code).not.toBe(0);
  });

  withKubectl(
    'holds a matching pod at the node when the webhooks were not even registered',
    async () => {
      const kept = await kubectl('get', 'mutatingwebhookconfigurations', '-o', 'json');
      await kubectl('delete', 'mutatingwebhookconfigurations', '--all');
      try {
        const made = await kubectl('run', 'sneak', '--image=x', '--labels=role=payments');
        expect(made.code).toBe(0);
        await eventually(async () => {
          const described = await kubectl('describe', 'pod', 'sneak');
          expect(described.stdout).toMatch(/FailedCreatePodSandBox .*SecurityGroupPolicy/);
        });
        const phase = await kubectl('get', 'pod', 'sneak', '-o', 'jsonpath={.status.phase}');
        expect(phase.stdout).toBe('Pending');
      } finally {
        await kubectl('delete', 'pod', 'sneak', '--wait=true', '--ignore-not-found');
        for (const item of JSON.parse(kept.stdout).items) {
          delete item.metadata.resourceVersion;
          delete item.metadata.uid;
          await apply(item);
        }
      }
    },
  );

  withKubectl('shows the metadata of its node to a pod of the host network only', async () => {
    const spec = { hostNetwork: true, nodeName: 'node-1', containers: [{ name: 'a', image: 'x' }] };
    const onHost = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'on-host' }, spec };
    expect((await apply(onHost)).code).toBe(0);
    await kubectl('wait', '--for=condition=ready', 'pod/on-host', '--timeout=60s');
    const put = `exec 3<>/dev/tcp/169.254.169.254/80 && printf 'PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 9\r\n\r\n' >&3 && cat <&3`;
    const token = (pod: string, seconds: string): Promise<Ended> =>
      kubectl('exec', pod, '--', 'timeout', seconds, 'bash', '-c', put);
    expect((await token('pod/on-host', '10')).stdout).toMatch(
      /^HTTP\/1.1 200 [^]*\r\n\r\n[0-9a-f]{56}$/,
    );
    expect((await token('deploy/catalog', '2')).stdout).toBe('');
    await kubectl('delete', 'pod/on-host', '--wait=true');
  });

  withKubectl('finds Services, hosts and nothing else by name in a pod', async () => {
    const inPod = (from: string, ...command: string[]): Promise<Ended> =>
      kubectl('exec', `deploy/${from}`, '--', ...command);
    const called = await inPod('catalog', 'curl', '-s', '-m', '5', 'http://checkout:8080');
    expect(JSON.parse(called.stdout)).toMatchObject({ pod: expect.stringMatching(/^checkout-/) });
    const rows = await inPod(
      'checkout',
      'psql',
      '-h',
      'rds',
      '-tAc',
      'select count(*) from orders',
    );
    expect(rows.stdout).toBe('3\n');
    const database = 'rds.trunkline-lab.us-east-1.rds.amazonaws.com';
    const named = await inPod('checkout', 'getent', 'hosts', database, 'kube-dns.kube-system');
    expect(named.stdout).toMatch(/^10\.0\.1\.\d+ .*\n10\.100\.0\.10 /);
    const version = [
      'curl',
      '-sk',
      '-m',
      '5',
      '-w',
      '%{http_code}',
      'https://kubernetes.default/api',
    ];
    expect((await inPod('catalog', ...version)).stdout).toMatch(/401$/);
    const unknown = await inPod('catalog', 'curl', '-s', '-m', '5', 'http://nowhere:8080');
    expect(unknown.code).toBe(6);
    // The group of the pods behind the Service says no, whatever its address.
    const denied = await inPod('checkout', 'curl', '-s', '-m', '1', 'http://catalog:8080');
    expect(denied.code).toBe(28);
    const files = await inPod('catalog', 'cat', '/etc/resolv.conf', '/etc/hosts');
    expect(files.stdout).toMatch(/^search default\.svc\.cluster\.local [^]*\tcatalog-/);
  });

  withKubectl('scales, restarts, waits, labels, shows logs and explains', async () => {
    expect((await kubectl('scale', 'deploy/catalog', '--replicas=2')).code).toBe(0);
    expect((await kubectl('rollout', 'status', 'deploy/catalog', '--timeout=60s')).code).toBe(0);
    expect((await kubectl('rollout', 'restart', 'deploy/catalog')).code).toBe(0);
    expect((await kubectl('rollout', 'status', 'deploy/catalog', '--timeout=60s')).code).toBe(0);
    expect((await kubectl('label', 'deploy/catalog', 'tier=web')).code).toBe(0);
    expect((await kubectl('logs', 'deploy/catalog', '--tail=5')).code).toBe(0);
    expect((await kubectl('explain', 'sgp.spec.podSelector')).stdout).toContain('matchLabels');
    const waited = await kubectl(
      'wait',
      '--for=condition=available',
      'deploy/catalog',
      '--timeout=60s',
    );
    expect(waited.code).toBe(0);
  });
});

describe('the AWS CLI', () => {
  withAws('lists branches by interface type, each with its own groups', async () => {
    const listed = await aws(
      'ec2',
      'describe-network-interfaces',
      '--filters',
      'Name=interface-type,Values=branch',
    );
    expect(listed.stderr).toBe('');
    const interfaces = JSON.parse(listed.stdout).NetworkInterfaces;
    expect(interfaces.length).toBeGreaterThan(0);
    expect(interfaces[0]).toMatchObject({
      InterfaceType: 'branch',
      Status: 'in-use',
      Description: 'aws-k8s-branch-eni',
      Groups: [{ GroupName: 'payments' }],
    });
  });

  withAws('changes a rule that is enforced at once', async () => {
    const groups = await aws(
      'ec2',
      'describe-security-groups',
      '--filters',
      'Name=group-name,Values=rds',
    );
    const [group] = JSON.parse(groups.stdout).SecurityGroups;
    const [source] = group.IpPermissions[0].UserIdGroupPairs;
    const rule = [
      '--group-id',
      group.GroupId,
      '--protocol',
      'tcp',
      '--port',
      '5432',
      '--source-group',
      source.GroupId,
    ];
    expect((await aws('ec2', 'revoke-security-group-ingress', ...rule)).code).toBe(0);
    if (kubectlHere) await eventually(async () => expect((await ask()).code).not.toBe(0));
    expect((await aws('ec2', 'authorize-security-group-ingress', ...rule)).code).toBe(0);
    if (kubectlHere) await eventually(async () => expect((await ask()).code).toBe(0));
    const again = await aws('ec2', 'authorize-security-group-ingress', ...rule);
    expect(again.stderr).toContain('InvalidPermission.Duplicate');
  });
});

/** A new connection from checkout to the database. */
function ask(): Promise<Ended> {
  return kubectl('exec', 'deploy/checkout', '--', 'psql', '-c', 'select 1');
}

function policy(name: string, spec: object): object {
  return {
    apiVersion: 'vpcresources.k8s.aws/v1beta1',
    kind: 'SecurityGroupPolicy',
    metadata: { name, namespace: 'default' },
    spec,
  };
}

describe('trunkline explain', () => {
  test('names the rule that admits, and the nearest miss of what is dropped', async () => {
    const ask = (...argv: string[]) => trunkline('explain', '--name', NAME, ...argv);
    const paid = await ask('checkout', 'rds:5432');
    expect(paid.code).toBe(0);
    expect(paid.stdout).toMatch(/sgr-\w+ of rds \(sg-\w+\): tcp\/5432 from payments/);
    const other = await ask('catalog', 'rds:5432', '-o', 'json');
    expect(other.code).toBe(1);
    expect(JSON.parse(other.stdout)).toMatchObject({
      admitted: false,
      egress: { outcome: 'admitted' },
      ingress: { outcome: 'dropped', reason: expect.stringContaining('has no rule for group') },
    });
  });
});
