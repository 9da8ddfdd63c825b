import { describe, expect, test } from 'vitest';
import { DEFAULT_HOST_SETTINGS, parseHostSettings } from './settings.ts';

describe('settings of the host', () => {
  test('are AWS’s defaults where nothing is set, or is set to nothing', () => {
    const empty = { POD_SECURITY_GROUP_ENFORCING_MODE: '', AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS: '' };
    expect(parseHostSettings({})).toEqual({ ok: true, value: DEFAULT_HOST_SETTINGS });
    expect(parseHostSettings(empty)).toEqual({ ok: true, value: DEFAULT_HOST_SETTINGS });
  });

  test('are read from the variables of aws-node', () => {
    const read = parseHostSettings({
      ENABLE_POD_ENI: 'true',
      POD_SECURITY_GROUP_ENFORCING_MODE: 'standard',
      DISABLE_TCP_EARLY_DEMUX: 'TRUE',
      AWS_VPC_K8S_CNI_EXTERNALSNAT: 'true',
      AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS: '172.16.0.0/12, 192.168.0.0/16',
      AWS_VPC_K8S_CNI_RANDOMIZESNAT: 'hashrandom',
      AWS_VPC_K8S_CNI_CONNMARK: '0x100',
      AWS_VPC_K8S_CNI_VETHPREFIX: 'pod',
      AWS_VPC_CNI_NODE_PORT_SUPPORT: 'false',
      AWS_EXTERNAL_SERVICE_CIDRS: '203.0.113.0/24',
    });
    expect(read).toEqual({
      ok: true,
      value: {
        enablePodEni: true,
        enforcingMode: 'standard',
        disableTcpEarlyDemux: true,
        externalSnat: true,
        excludedSnatCidrs: ['172.16.0.0/12', '192.168.0.0/16'],
        randomizeSnat: 'hashrandom',
        connmark: 256,
        vethPrefix: 'pod',
        nodePortSupport: false,
        externalServiceCidrs: ['203.0.113.0/24'],
      },
    });
  });

  test.each([
    ['POD_SECURITY_GROUP_ENFORCING_MODE', 'loose'],
    ['ENABLE_POD_ENI', 'yes'],
    ['AWS_VPC_K8S_CNI_RANDOMIZESNAT', 'random'],
    ['AWS_VPC_K8S_CNI_CONNMARK', 'mark'],
    ['AWS_VPC_K8S_CNI_CONNMARK', '0'],
    ['AWS_VPC_K8S_CNI_VETHPREFIX', 'vlan'],
    ['AWS_VPC_K8S_CNI_VETHPREFIX', 'e"; flush ruleset'],
    ['AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS', '10.0.0.0/33'],
    ['AWS_EXTERNAL_SERVICE_CIDRS', 'fd00::/8'],
  ])('%s cannot be %j', (name, value) => {
    const read = parseHostSettings({ [name]: value });
    expect(read).toEqual({ ok: false, error: [expect.stringContaining(`${name} is '${value}'`)] });
  });

  test('tells everything that is wrong at once', () => {
    const read = parseHostSettings({ ENABLE_POD_ENI: '1', AWS_VPC_K8S_CNI_CONNMARK: 'x' });
    expect(read.ok ? [] : read.error).toHaveLength(2);
  });
});
