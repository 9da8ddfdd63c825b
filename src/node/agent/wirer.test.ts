import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { silentLog } from '../../base/log.ts';
import type { Network, NetworkStep } from '../../base/network.ts';
import { systemClock } from '../../io/clock.ts';
import { cryptoRandom } from '../../io/random.ts';
import type { Fabric } from '../fabric/fabric.ts';
import { DOOMED_GROUP } from '../wiring/names.ts';
import { SandboxStore, type Sandbox } from './sandbox.ts';
import { Wirer } from './wirer.ts';

const folder = mkdtempSync(join(tmpdir(), 'trunkline-wirer-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sandbox(number: number): Sandbox {
  return {
    containerId: `c-${number}`,
    ifName: 'eth0',
    netns: '/run/netns/x',
    namespace: 'default',
    pod: `p-${number}`,
    uid: '',
    hostLink: `vlan${number}`,
    address: `10.0.0.${number}`,
    gateway: '10.0.0.1',
    eniId: `eni-${number}`,
    vlanId: number,
  };
}

describe('the wirer', () => {
  test('deletes also the links that are doomed while a common delete is under way', async () => {
    const doomed = new Set<string>();
    let deletes = 0;
    let late: Promise<void> | undefined;
    const forgotten: string[] = [];
    const network = {
      apply: async (_netns: string, steps: readonly NetworkStep[]) => {
        for (const step of steps) {
          if (step.op === 'link-set' && step.group === DOOMED_GROUP) doomed.add(step.name);
          if (step.op !== 'link-delete-group') continue;
          deletes += 1;
          doomed.clear();
        }
      },
      forgetFlows: async (_netns: string, addresses: readonly string[]) => {
        forgotten.push(...addresses);
        late ??= wirer.unwire(sandbox(2));
        await late;
        return 0;
      },
    } as unknown as Network;
    const store = new SandboxStore(join(folder, 'store'));
    let kicks = 0;
    const fabric = { exclusive: (action: () => unknown) => action(), kick: () => (kicks += 1) };
    const wirer: Wirer = new Wirer({
      network,
      fabric: fabric as unknown as Fabric,
      store,
      driver: 'veth',
      hostNetns: '/run/netns/h',
      fabricNetns: '/run/netns/f',
      clock: systemClock,
      random: cryptoRandom,
      log: silentLog,
      signal: new AbortController().signal,
    });
    await wirer.unwire(sandbox(1));
    expect(doomed.size).toBe(2);
    await wirer.flushed();
    expect([...doomed]).toEqual([]);
    expect(forgotten).toEqual(['10.0.0.1', '10.0.0.2']);
    expect([deletes, kicks]).toEqual([2, 1]);
    store.close();
  });
});
