/** Why a filter that AWS documents is not there. */
const HARDWARE = 'what we know of a type is its network (data/instance-limits.json)';
const LOCAL_ZONES = 'there are no local and wavelength zones';
const NEVER_SAID = 'nothing ever has a message';
const OPERATORS = 'nothing is run by a service of AWS';
const OUTPOSTS = 'there are no Outposts and carriers';
const BILLING = 'there are no prices, licences and reservations';
const VOLUMES = 'there are no volumes';
const EVENTS = 'nothing is scheduled by AWS';
const PLACEMENT = 'there are no hosts to place instances on';
const NOT_MODELLED = 'instances are records, without hardware and an operating system';
const ENDPOINTS =
  'endpoints are objects with a service of their own region, over IPv4, and services have no tags';

/**
 * The filters that AWS documents and we refuse, by action and reason. What they ask for is not there to
 * be found. A test fails when the list says too much or too little.
 */
export const UNSUPPORTED_FILTERS: Readonly<
  Record<string, Readonly<Record<string, readonly string[]>>>
> = {
  DescribeAvailabilityZones: {
    [LOCAL_ZONES]: ['group-long-name', 'parent-zone-id', 'parent-zone-name'],
    [NEVER_SAID]: ['message'],
  },
  DescribeImages: {
    [VOLUMES]: [
      'block-device-mapping.delete-on-termination',
      'block-device-mapping.device-name',
      'block-device-mapping.encrypted',
      'block-device-mapping.snapshot-id',
      'block-device-mapping.volume-size',
      'block-device-mapping.volume-type',
    ],
    [BILLING]: ['free-tier-eligible', 'product-code', 'product-code.type'],
    [NEVER_SAID]: ['state-reason-code', 'state-reason-message'],
    [NOT_MODELLED]: [
      'image-allowed',
      'kernel-id',
      'ramdisk-id',
      'source-image-id',
      'source-image-region',
      'source-instance-id',
      'sriov-net-support',
    ],
  },
  DescribeInstanceStatus: {
    [VOLUMES]: ['attached-ebs-status.status'],
    [EVENTS]: ['event.not-after', 'event.not-before', 'event.not-before-deadline'],
    [OPERATORS]: ['operator.managed', 'operator.principal'],
  },
  DescribeInstanceTypes: {
    [HARDWARE]: [
      'auto-recovery-supported',
      'burstable-performance-supported',
      'current-generation',
      'dedicated-hosts-supported',
      'ebs-info.attachment-limit-type',
      'ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps',
      'ebs-info.ebs-optimized-info.baseline-iops',
      'ebs-info.ebs-optimized-info.baseline-throughput-in-mbps',
      'ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps',
      'ebs-info.ebs-optimized-info.maximum-iops',
      'ebs-info.ebs-optimized-info.maximum-throughput-in-mbps',
      'ebs-info.ebs-optimized-support',
      'ebs-info.encryption-support',
      'ebs-info.maximum-ebs-attachments',
      'ebs-info.nvme-support',
      'free-tier-eligible',
      'hibernation-supported',
      'instance-storage-info.disk.count',
      'instance-storage-info.disk.size-in-gb',
      'instance-storage-info.disk.type',
      'instance-storage-info.encryption-support',
      'instance-storage-info.nvme-support',
      'instance-storage-info.total-size-in-gb',
      'instance-storage-supported',
      'memory-info.size-in-mib',
      'network-info.bandwidth-weightings',
      'network-info.efa-info.maximum-efa-interfaces',
      'network-info.efa-supported',
      'network-info.ena-support',
      'network-info.encryption-in-transit-supported',
      'network-info.flexible-ena-queues-support',
      'network-info.network-performance',
      'nitro-enclaves-support',
      'nitro-tpm-info.supported-versions',
      'nitro-tpm-support',
      'processor-info.supported-architecture',
      'processor-info.supported-features',
      'processor-info.sustained-clock-speed-in-ghz',
      'reboot-migration-support',
      'supported-boot-mode',
      'supported-root-device-type',
      'supported-usage-class',
      'supported-virtualization-type',
      'vcpu-info.default-cores',
      'vcpu-info.default-threads-per-core',
      'vcpu-info.default-vcpus',
      'vcpu-info.valid-cores',
      'vcpu-info.valid-threads-per-core',
    ],
  },
  DescribeInstances: {
    [PLACEMENT]: [
      'affinity',
      'host-id',
      'placement-group-name',
      'placement-partition-number',
      'tenancy',
    ],
    [VOLUMES]: [
      'block-device-mapping.attach-time',
      'block-device-mapping.delete-on-termination',
      'block-device-mapping.device-name',
      'block-device-mapping.status',
      'block-device-mapping.volume-id',
      'ebs-optimized',
    ],
    [NOT_MODELLED]: [
      'boot-mode',
      'current-instance-boot-mode',
      'ena-support',
      'enclave-options.enabled',
      'hibernation-options.configured',
      'iam-instance-profile.id',
      'kernel-id',
      'maintenance-options.auto-recovery',
      'metadata-options.http-protocol-ipv4',
      'metadata-options.http-protocol-ipv6',
      'metadata-options.instance-metadata-tags',
      'metadata-options.state',
      'monitoring-state',
      'network-interface.addresses.association.allocation-id',
      'network-interface.addresses.association.association-id',
      'network-interface.addresses.association.ip-owner-id',
      'network-interface.addresses.association.public-dns-name',
      'network-interface.attachment.network-card-index',
      'network-interface.deny-all-igw-traffic',
      'network-interface.ipv6-addresses.is-primary-ipv6',
      'network-interface.ipv6-native',
      'network-interface.public-dns-name',
      'network-performance-options.bandwidth-weighting',
      'private-dns-name-options.enable-resource-name-dns-a-record',
      'private-dns-name-options.enable-resource-name-dns-aaaa-record',
      'private-dns-name-options.hostname-type',
      'ramdisk-id',
      'reason',
      'requester-id',
      'state-reason-message',
      'tpm-support',
    ],
    [BILLING]: [
      'capacity-reservation-id',
      'capacity-reservation-specification.capacity-reservation-preference',
      'capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id',
      'capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn',
      'instance-lifecycle',
      'platform',
      'platform-details',
      'product-code',
      'product-code.type',
      'spot-instance-request-id',
      'usage-operation',
      'usage-operation-update-time',
    ],
    [OUTPOSTS]: [
      'network-interface.addresses.association.carrier-ip',
      'network-interface.addresses.association.customer-owned-ip',
      'network-interface.association.carrier-ip',
      'network-interface.association.customer-owned-ip',
      'network-interface.outpost-arn',
      'outpost-arn',
    ],
    [OPERATORS]: [
      'network-interface.operator.managed',
      'network-interface.operator.principal',
      'operator.managed',
      'operator.principal',
    ],
  },
  DescribeNetworkInterfaces: {
    [OPERATORS]: ['operator.managed', 'operator.principal'],
  },
  DescribeSubnets: {
    [OUTPOSTS]: [
      'customer-owned-ipv4-pool',
      'enable-lni-at-device-index',
      'map-customer-owned-ip-on-launch',
      'outpost-arn',
    ],
  },
  DescribeVpcEndpointServices: {
    [ENDPOINTS]: ['service-region', 'supported-ip-address-types', 'tag-key', 'tag:<key>'],
  },
  DescribeVpcEndpoints: { [ENDPOINTS]: ['ip-address-type', 'service-region'] },
};
