import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cniResult, branchOfResult } from './result.ts';
import { SandboxStore, type Sandbox } from './sandbox.ts';

const BRANCH: Sandbox = {
  containerId: 'c1',
  ifName: 'eth0',
  netns: '/run/netns/p',
  namespace: 'shop',
  pod: 'checkout',
  uid: 'u1',
  hostLink: 'vlan0123456789a',
  address: '10.0.1.9',
  gateway: '10.0.1.1',
  eniId: 'eni-1',
  vlanId: 7,
};
const { vlanId: _, ...REST } = BRANCH;
const PLAIN: Sandbox = {
  ...REST,
  containerId: 'c2',
  hostLink: 'eni0123456789a',
  address: '10.0.1.20',
};

describe('the sandbox store', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trunkline-store-'));
    path = join(folder, 'deep', 'state.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('is empty without a file, and remembers across a restart', () => {
    const store = new SandboxStore(path);
    expect(store.list()).toEqual([]);
    store.put(BRANCH);
    store.put(PLAIN);
    const later = new SandboxStore(path);
    expect(later.list()).toEqual([BRANCH, PLAIN]);
    expect(later.get('c1', 'eth0')).toEqual(BRANCH);
    expect(later.get('c1', 'eth1')).toBeUndefined();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('knows which branches are wired', () => {
    const store = new SandboxStore(path);
    store.put(BRANCH);
    store.put(PLAIN);
    expect([...store.wiredBranches()]).toEqual(['eni-1']);
  });

  test('cools the address of a plain pod, across a restart too', () => {
    const store = new SandboxStore(path);
    store.put(PLAIN);
    expect([...store.busy(0)]).toEqual(['10.0.1.20']);
    store.remove(PLAIN, 30_000);
    const later = new SandboxStore(path);
    expect([...later.busy(29_999)]).toEqual(['10.0.1.20']);
    expect([...later.busy(30_000)]).toEqual([]);
  });

  test('leaves the cool-down of a branch to the controller', () => {
    const store = new SandboxStore(path);
    store.put(BRANCH);
    store.remove(BRANCH, 30_000);
    expect([...store.busy(0)]).toEqual([]);
  });

  test('forgets what was removed, across a restart too', () => {
    const store = new SandboxStore(path);
    store.put(BRANCH);
    store.put(PLAIN);
    store.remove(BRANCH, 0);
    expect(new SandboxStore(path).list()).toEqual([PLAIN]);
  });

  test('reads past a line that a crash cut off', () => {
    const store = new SandboxStore(path);
    store.put(BRANCH);
    appendFileSync(path, '{"op":"put","sandb');
    const later = new SandboxStore(path);
    later.put(PLAIN);
    expect(new SandboxStore(path).list()).toEqual([BRANCH, PLAIN]);
  });

  test('keeps the journal short', () => {
    const store = new SandboxStore(path);
    for (let round = 0; round < 2_000; round++) {
      store.put(BRANCH);
      store.remove(BRANCH, 0);
    }
    store.put(PLAIN);
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(1_100);
    expect(new SandboxStore(path).list()).toEqual([PLAIN]);
  });

  test('refuses changes once it is closed', () => {
    const store = new SandboxStore(path);
    store.close();
    expect(() => store.put(BRANCH)).toThrow('closed');
  });
});

describe('the CNI result', () => {
  test.each([
    ['0.3.0', true],
    ['0.3.1', true],
    ['0.4.0', true],
    ['1.0.0', false],
    ['1.1.0', false],
  ])('in version %s tells the address family: %s', (version, has) => {
    const [ip] = cniResult(BRANCH, version).ips;
    expect(ip && 'version' in ip).toBe(has);
    expect(ip).toMatchObject({ interface: 1, address: '10.0.1.9/32', gateway: '10.0.1.1' });
  });

  test('carries the VLAN id in the dummy interface', () => {
    const result = cniResult(BRANCH, '0.4.0');
    expect(result.interfaces.map((one) => one.mac)).toEqual([undefined, '0', '7']);
    expect(branchOfResult(result)).toEqual({
      hostLink: 'vlan0123456789a',
      vlanId: 7,
      address: '10.0.1.9',
      gateway: '10.0.1.1',
    });
  });

  test('of a plain pod names no VLAN', () => {
    const result = cniResult(PLAIN, '0.4.0');
    expect(result.interfaces.at(-1)).toMatchObject({ mac: '0', sandbox: '0' });
    expect(branchOfResult(result)).toBeUndefined();
  });

  test.each([undefined, { cniVersion: '0.4.0', interfaces: [], ips: [], dns: {} }])(
    'yields nothing from %j',
    (result) => {
      expect(branchOfResult(result)).toBeUndefined();
    },
  );
});
