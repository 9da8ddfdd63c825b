import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createNetwork } from './network.ts';
import { createNft } from './nft.ts';

describe('nft', () => {
  const network = createNetwork();
  const nft = createNft();
  let a = '';
  beforeEach(async () => {
    a = await network.createNamespace('nft-a');
  });
  afterEach(() => network.deleteNamespace('nft-a'));

  test('applies a script in its namespace and lists it there only', async () => {
    await nft.apply(
      a,
      'add table inet t\nadd set inet t s { type ipv4_addr; }\nadd element inet t s { 10.0.0.1 }',
    );
    expect(await nft.list(a, 'table inet t')).toContain('elements = { 10.0.0.1 }');
    await expect(nft.list(undefined, 'table inet t')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('applies all of a script or nothing', async () => {
    const script = 'add table inet kept\nadd chain inet absent c\n';
    await expect(nft.apply(a, script)).rejects.toMatchObject({ code: 'not-found' });
    expect(await nft.list(a, 'tables')).toBe('');
  });

  test.each([
    ['a syntax error', 'table inet t { nonsense }', 'invalid'],
    ['a missing table', 'delete table inet none', 'not-found'],
    ['a second creation', 'create table inet t\ncreate table inet t', 'exists'],
  ])('maps %s to a code', async (_, script, code) => {
    await expect(nft.apply(a, script)).rejects.toMatchObject({ name: 'NftError', code });
  });

  test('says that a namespace cannot be entered', async () => {
    await expect(nft.apply('/run/netns/none', 'add table inet t')).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('keeps serving after a failed script', async () => {
    await expect(nft.apply(a, 'nonsense')).rejects.toMatchObject({ code: 'invalid' });
    await nft.apply(a, 'add table inet t');
    expect(await nft.list(a, 'tables')).toContain('table inet t');
  });
});
