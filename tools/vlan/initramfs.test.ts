import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archive } from './cpio.ts';
import { dependenciesOf, modulesFor } from './modules.ts';

describe('the modules of a kernel', () => {
  const folder = mkdtempSync(join(tmpdir(), 'modules-'));
  const module = (name: string, depends: string): void =>
    writeFileSync(join(folder, 'kernel', `${name}.ko`), `ELF\0license=GPL\0depends=${depends}\0`);

  beforeAll(() => {
    mkdirSync(join(folder, 'kernel'));
    module('8021q', 'garp,mrp');
    module('garp', 'stp');
    module('mrp', '');
    module('stp', 'llc');
    module('llc', '');
    module('nf-odd', 'af_packet');
    writeFileSync(join(folder, 'modules.builtin'), 'kernel/net/packet/af_packet.ko\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const names = (...wanted: string[]) => {
    const { modules, missing } = modulesFor(folder, wanted);
    return { modules: modules.map((one) => one.name), missing };
  };

  test('come with what they depend on, which is loaded first', () => {
    expect(names('8021q', 'stp').modules).toEqual(['llc', 'stp', 'garp', 'mrp', '8021q']);
  });

  test('are not asked for when they are built in, and are known by either spelling', () => {
    expect(names('nf_odd', 'af-packet')).toEqual({ modules: ['nf_odd'], missing: [] });
  });

  test('that the kernel lacks are named', () => {
    expect(names('mrp', 'vxlan', 'veth')).toEqual({ modules: ['mrp'], missing: ['vxlan', 'veth'] });
  });

  test('without dependencies have none', () => {
    expect(dependenciesOf(Buffer.from('ELF\0depends=\0'))).toEqual([]);
    expect(dependenciesOf(Buffer.from('ELF'))).toEqual([]);
  });
});

describe('the archive', () => {
  const data = archive({
    folders: ['bin'],
    files: { 'bin/ab': Buffer.from('12345'), init: Buffer.from('x') },
  });

  test('holds folders and programs in the order given, and ends with its trailer', () => {
    expect(entries(data)).toEqual([
      { name: 'bin', mode: '41ed', text: '' },
      { name: 'bin/ab', mode: '81ed', text: '12345' },
      { name: 'init', mode: '81ed', text: 'x' },
      { name: 'TRAILER!!!', mode: '0', text: '' },
    ]);
  });

  /** As the kernel reads it: a header of 110 bytes; name and contents each padded to four. */
  function entries(left: Buffer): object[] {
    if (left.length === 0) return [];
    const field = (index: number): number =>
      Number.parseInt(left.toString('latin1', 6 + index * 8, 14 + index * 8), 16);
    expect(left.toString('latin1', 0, 6)).toBe('070701');
    const [size, nameSize] = [field(6), field(11)];
    const start = Math.ceil((110 + nameSize) / 4) * 4;
    const entry = {
      name: left.toString('latin1', 110, 110 + nameSize - 1),
      mode: field(1).toString(16),
      text: left.toString('latin1', start, start + size),
    };
    return [entry, ...entries(left.subarray(start + Math.ceil(size / 4) * 4))];
  }
});
