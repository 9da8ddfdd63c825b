import { describe, expect, test } from 'vitest';
import { podSuffix, portLink, isPortLink, strictVeth, plainVeth } from './names.ts';
import {
  branchTeardown,
  plainTeardown,
  plainWiring,
  standardWiring,
  strictWiring,
} from './steps.ts';

const POD = {
  netns: '/run/netns/p',
  ifName: 'eth0',
  address: '10.0.1.9',
  hostLink: 'vlan0123456789a',
  hostMac: '02:11:22:33:44:55',
  mtu: 9001,
};
const BRANCH = {
  vlanId: 7,
  mac: '02:aa:bb:cc:dd:ee',
  gateway: '10.0.1.1',
  port: 'e00000000000007',
  trunkPort: 'e00000000000006',
  trunkLink: 'eth1',
};

describe('names', () => {
  test('the suffix is the start of SHA-1 over namespace, a dot and the pod’s name', () => {
    // printf %s default.checkout | sha1sum
    expect(podSuffix('default', 'checkout')).toBe('6043f70dfeb');
  });

  test('link names fit into the kernel’s 15 bytes', () => {
    const suffix = podSuffix('a-rather-long-namespace', 'a-rather-long-name-of-a-pod');
    for (const name of [strictVeth(suffix), plainVeth(suffix), portLink('eni-0123456789abcdef0')])
      expect(name.length).toBeLessThanOrEqual(15);
  });

  test.each([
    ['eni-0123456789abcdef0', 'e3456789abcdef0'],
    ['eni-12345678', 'e00000012345678'],
  ])('the port of %s is %s', (eniId, link) => {
    expect(portLink(eniId)).toBe(link);
  });

  test.each([
    ['e3456789abcdef0', true],
    ['e00000012345678', true],
    ['eth0', false],
    ['vx0', false],
    ['eni0123456789a', false],
  ])('%s is a port: %s', (link, is) => {
    expect(isPortLink(link)).toBe(is);
  });
});

describe('strict wiring', () => {
  const options = { pod: POD, branch: BRANCH, hostNetns: '/run/netns/h' };

  test('with VLAN links makes both ends of the tag', () => {
    const steps = strictWiring({ ...options, driver: 'vlan' });
    expect(steps.fabric[0]).toEqual({
      op: 'link-add-vlan',
      name: 'e00000000000007',
      parent: 'e00000000000006',
      vlanId: 7,
      up: true,
    });
    expect(steps.host[0]).toEqual({
      op: 'link-add-vlan',
      name: 'vlan.eth.7',
      parent: 'eth1',
      vlanId: 7,
      mac: '02:aa:bb:cc:dd:ee',
      up: true,
    });
  });

  test('with veth links makes a pair whose host end has the same name and MAC', () => {
    const steps = strictWiring({ ...options, driver: 'veth' });
    expect(steps.fabric[0]).toMatchObject({
      op: 'link-add-veth',
      name: 'e00000000000007',
      peer: { name: 'vlan.eth.7', netns: '/run/netns/h', mac: '02:aa:bb:cc:dd:ee' },
    });
    expect(steps.host[0]).toEqual({ op: 'link-set', name: 'vlan.eth.7', up: true });
  });

  test('both drivers differ in nothing else', () => {
    const vlan = strictWiring({ ...options, driver: 'vlan' });
    const veth = strictWiring({ ...options, driver: 'veth' });
    expect(vlan.fabric.slice(1)).toEqual(veth.fabric.slice(1));
    expect(vlan.host.slice(1)).toEqual(veth.host.slice(1));
    expect(vlan.pod).toEqual(veth.pod);
  });

  test.each([
    ['strict', strictWiring],
    ['standard', standardWiring],
  ])('the teardown names every rule and route that %s mode made', (_, wiring) => {
    const { host } = wiring({ ...options, driver: 'veth' });
    const teardown = branchTeardown({ ...POD, vlanId: 7, gateway: BRANCH.gateway });
    const made = host.flatMap((step) => {
      if (step.op === 'rule-add') return [ruleText(step)];
      return step.op === 'route-replace' ? [`route ${step.destination} ${step.table}`] : [];
    });
    const removed = teardown.flatMap((step) => {
      if (step.op === 'rule-delete') return [ruleText(step)];
      return step.op === 'route-delete' ? [`route ${step.destination} ${step.table}`] : [];
    });
    expect(removed).toEqual(expect.arrayContaining(made));
    const doomed = teardown.flatMap((step) => (step.op === 'link-set' ? [step.name] : []));
    expect(doomed).toEqual(['vlan.eth.7', POD.hostLink]);
    expect(teardown.every((step) => 'ignoreMissing' in step && step.ignoreMissing)).toBe(true);
  });

  test('standard mode prefers the host’s own routes and leads only the rest to the branch', () => {
    const { host } = standardWiring({ ...options, driver: 'veth' });
    expect(host.flatMap((step) => (step.op === 'rule-add' ? [ruleText(step)] : []))).toEqual([
      'rule 512 254 to 10.0.1.9/32',
      'rule 1536 107 from 10.0.1.9/32',
    ]);
  });
});

function ruleText(step: {
  readonly priority: number;
  readonly table: number;
  readonly inputLink?: string;
  readonly from?: string;
  readonly to?: string;
}): string {
  const selector = [
    step.inputLink && `iif ${step.inputLink}`,
    step.from && `from ${step.from}`,
    step.to && `to ${step.to}`,
  ];
  return `rule ${step.priority} ${step.table} ${selector.filter(Boolean).join(' ')}`;
}

describe('plain wiring', () => {
  test('routes by the main table at priority 512, and is undone in full', () => {
    const { host, fabric } = plainWiring({ ...POD, hostLink: 'eni0123456789a' });
    expect(fabric).toEqual([]);
    expect(host.slice(1)).toEqual([
      {
        op: 'route-replace',
        destination: '10.0.1.9/32',
        link: 'eni0123456789a',
        scope: 'link',
        table: 254,
      },
      { op: 'rule-add', priority: 512, table: 254, to: '10.0.1.9/32', ignoreExisting: true },
    ]);
    const ops = plainTeardown({ hostLink: 'eni0123456789a', address: '10.0.1.9' });
    expect(ops.map((step) => step.op)).toEqual(['rule-delete', 'route-delete', 'link-set']);
  });
});
