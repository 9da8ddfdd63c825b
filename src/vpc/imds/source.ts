import type { Instance } from '../../api/vpc/instance.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { SecurityGroup } from '../../api/vpc/security-group.ts';
import type { Subnet } from '../../api/vpc/subnet.ts';
import type { Vpc } from '../../api/vpc/vpc.ts';
import type { Store } from '../store/store.ts';

/** What the metadata of an instance is made of. Asked anew for each request. */
export interface ImdsSource {
  /** Undefined while it is unknown, and once it is gone. */
  instance(): Instance | undefined;
  /** The attached ones: not branches, which belong to no device index. */
  interfaces(): readonly NetworkInterface[];
  subnet(id: string): Subnet | undefined;
  vpc(id: string): Vpc | undefined;
  group(id: string): SecurityGroup | undefined;
  /** Temporary keys of the instance's role; undefined when it has none. */
  credentials?(): ImdsCredentials | undefined;
}

/** Temporary keys of a role. Times are RFC 3339. */
export interface ImdsCredentials {
  readonly roleName: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly token: string;
  readonly lastUpdated: string;
  readonly expiration: string;
}

/** The metadata of an instance out of the store of the VPC API. */
export function sourceFromStore(
  store: Store,
  instanceId: string,
  credentials?: () => ImdsCredentials | undefined,
): ImdsSource {
  return {
    instance: () => {
      const instance = store.instances.get(instanceId);
      return instance?.spec.state === 'terminated' ? undefined : instance;
    },
    interfaces: () => store.interfaces.table.by('instance', instanceId),
    subnet: (id) => store.subnets.get(id),
    vpc: (id) => store.vpcs.get(id),
    group: (id) => store.groups.get(id),
    ...(credentials !== undefined && { credentials }),
  };
}
