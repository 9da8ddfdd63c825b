import { describe, expect, test } from 'vitest';
import {
  addressesOf,
  chooseConfigFile,
  failureText,
  parseCniConfig,
  pluginInput,
} from './config.ts';

describe('a CNI configuration', () => {
  test('is the first file by name that looks like one', () => {
    expect(chooseConfigFile(['99-z.conf', '.hidden', '10-aws.conflist', 'README'])).toBe(
      '10-aws.conflist',
    );
    expect(chooseConfigFile(['README'])).toBeUndefined();
  });

  test('may be a list or a single plugin', () => {
    const list = parseCniConfig(
      '{"name":"n","cniVersion":"1.0.0","plugins":[{"type":"a"},{"type":"b"}]}',
    );
    expect(list).toMatchObject({ value: { name: 'n', plugins: [{ type: 'a' }, { type: 'b' }] } });
    const single = parseCniConfig('{"name":"n","type":"a"}');
    expect(single).toMatchObject({ value: { cniVersion: '0.2.0', plugins: [{ type: 'a' }] } });
  });

  test.each([
    '',
    '[]',
    'null',
    '{"plugins":[{"type":"a"}]}',
    '{"name":"n","plugins":[]}',
    '{"name":"n","plugins":[{}]}',
    '{"name":"n","plugins":[null]}',
  ])('is refused: %s', (text) => expect(parseCniConfig(text).ok).toBe(false));

  test('becomes stdin with name, version, granted capabilities and prevResult', () => {
    const plugin = { type: 'a', mtu: 1, capabilities: { granted: true, other: true, off: false } };
    const list = { name: 'n', cniVersion: '1.0.0', plugins: [plugin] };
    const capabilities = { granted: 1, off: 2, undeclared: 3 };
    expect(
      JSON.parse(pluginInput(list, plugin, { capabilities, prevResult: { ips: [] } })),
    ).toEqual({
      type: 'a',
      mtu: 1,
      name: 'n',
      cniVersion: '1.0.0',
      runtimeConfig: { granted: 1 },
      prevResult: { ips: [] },
    });
    const bare = JSON.parse(pluginInput(list, { type: 'b' }, { capabilities })) as object;
    expect(Object.keys(bare)).toEqual(['type', 'name', 'cniVersion']);
  });
});

test.each([
  [{ ips: [{ address: '10.0.0.1/32' }, { address: 'fd00::1/128' }] }, ['10.0.0.1', 'fd00::1']],
  [{}, []],
  [null, []],
  [{ ips: [{}] }, []],
])('addresses of %j', (result, addresses) => {
  expect(addressesOf(result)).toEqual(addresses);
});

test.each([
  ['{"code":7,"msg":"no address","details":"pool empty"}', '', 'no address; pool empty'],
  ['{"code":7,"msg":"no address"}', 'noise', 'no address'],
  ['not json', '', 'not json'],
  ['', 'panic', 'panic'],
  ['', '', 'netplugin failed with no error message'],
])('a failure with stdout %j and stderr %j reads %j', (stdout, stderr, text) => {
  expect(failureText({ stdout, stderr })).toBe(text);
});
