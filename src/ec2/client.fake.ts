import type {
  CreateNetworkInterfaceRequest,
  DescribeNetworkInterfacesRequest,
  Filter,
  Instance,
  InstanceNetworkInterface,
  NetworkInterface,
} from '@aws-sdk/client-ec2';
import type { Ec2Client } from './client.ts';
import { Ec2Error } from './error.ts';
import { instanceLimits } from './limits.ts';

/** An interface as the fake stores it. */
export interface FakeInterface {
  readonly id: string;
  readonly type: 'interface' | 'trunk' | 'branch';
  readonly subnetId: string;
  readonly privateIp: string;
  readonly mac: string;
  readonly description: string;
  readonly groups: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly attachment?: FakeAttachment;
  readonly association?: {
    readonly id: string;
    readonly trunkId: string;
    readonly vlanId: number;
  };
}

/** Attachment of an interface. */
export interface FakeAttachment {
  readonly id: string;
  readonly instanceId: string;
  readonly deviceIndex: number;
  readonly deleteOnTermination: boolean;
}

/** A call as the hooks see it. */
export interface FakeEc2Call {
  readonly action: keyof Ec2Client;
  readonly request: unknown;
}

type Hook = ((call: FakeEc2Call) => void | Promise<void>) | undefined;

/** The fake and what tests do to it besides calling it. */
export interface FakeEc2 extends Ec2Client {
  /** Runs before each call; what it throws, the caller gets, and nothing has happened. */
  beforeCall: Hook;
  /** Runs after each call; what it throws, the caller gets, although the call was done. */
  afterCall: Hook;
  readonly calls: readonly FakeEc2Call[];
  readonly interfaces: ReadonlyMap<string, FakeInterface>;
  readonly groups: Set<string>;
  /** Adds an instance with a primary interface that wears `groups`. */
  addInstance(instance: FakeInstance): void;
  /** Takes the instance and its attached interfaces away, as termination does. */
  terminate(instanceId: string): void;
}

/** An instance to add. */
export interface FakeInstance {
  readonly id: string;
  readonly type: string;
  readonly groups: readonly string[];
}

/** Options; one VPC with one subnet, 10.0.0.0/24. */
export interface FakeEc2Options {
  readonly groups?: readonly string[];
}

const VPC_ID = 'vpc-00000000000000001';
const SUBNET_ID = 'subnet-00000000000000001';
const SUBNET_CIDR = '10.0.0.0/24';
const FIRST_HOST = 4;
const LAST_HOST = 254;
const GROUPS_PER_INTERFACE = 5;

/** A stateful EC2 in memory: instances, interfaces, trunk associations, groups and their limits. */
export function createFakeEc2(options: FakeEc2Options = {}): FakeEc2 {
  const memory = new MemoryEc2(options);
  return memory.client();
}

class MemoryEc2 {
  readonly #instances = new Map<string, FakeInstance>();
  readonly #interfaces = new Map<string, FakeInterface>();
  readonly #byToken = new Map<string, string>();
  readonly #groups: Set<string>;
  readonly #calls: FakeEc2Call[] = [];
  #serial = 0;

  constructor(options: FakeEc2Options) {
    this.#groups = new Set(options.groups);
  }

  client(): FakeEc2 {
    const actions: Ec2Client = {
      describeInstances: async ({ InstanceIds = [] }) => ({
        Reservations: [{ Instances: InstanceIds.map((id) => this.#describeInstance(id)) }],
      }),
      describeSubnets: async ({ SubnetIds = [] }) => ({
        Subnets: SubnetIds.map((SubnetId) => ({
          SubnetId,
          VpcId: VPC_ID,
          CidrBlock: SUBNET_CIDR,
          Ipv6CidrBlockAssociationSet: [],
        })),
      }),
      describeSecurityGroups: async ({ GroupIds = [], Filters = [] }) => ({
        SecurityGroups: this.#describeGroups(GroupIds, Filters),
      }),
      describeNetworkInterfaces: async (request) => ({
        NetworkInterfaces: this.#describeInterfaces(request),
      }),
      createNetworkInterface: async (request) => ({
        NetworkInterface: this.#view(this.#create(request)),
      }),
      createNetworkInterfacePermission: async ({ NetworkInterfaceId }) =>
        void this.#interface(NetworkInterfaceId),
      attachNetworkInterface: async (request) => ({
        AttachmentId: this.#attach(
          request.NetworkInterfaceId,
          request.InstanceId,
          request.DeviceIndex,
        ),
      }),
      detachNetworkInterface: async ({ AttachmentId }) => this.#detach(AttachmentId),
      deleteNetworkInterface: async ({ NetworkInterfaceId }) => this.#delete(NetworkInterfaceId),
      modifyNetworkInterfaceAttribute: async (request) => {
        const found = this.#interface(request.NetworkInterfaceId);
        if (request.Groups) this.#change(found, { groups: this.#checkedGroups(request.Groups) });
        const flag = request.Attachment?.DeleteOnTermination;
        if (flag !== undefined && found.attachment) {
          this.#change(found, { attachment: { ...found.attachment, deleteOnTermination: flag } });
        }
      },
      associateTrunkInterface: async (request) => ({
        InterfaceAssociation: this.#associate(
          request.BranchInterfaceId,
          request.TrunkInterfaceId,
          request.VlanId,
        ),
      }),
      disassociateTrunkInterface: async ({ AssociationId }) => this.#disassociate(AssociationId),
      assignPrivateIpAddresses: async () => ({}),
      unassignPrivateIpAddresses: async () => ({}),
    };
    return this.#hooked(actions);
  }

  #hooked(actions: Ec2Client): FakeEc2 {
    const fake: FakeEc2 = {
      ...actions,
      beforeCall: undefined,
      afterCall: undefined,
      calls: this.#calls,
      interfaces: this.#interfaces,
      groups: this.#groups,
      addInstance: (instance) => this.#addInstance(instance),
      terminate: (instanceId) => this.#terminate(instanceId),
    };
    for (const action of Object.keys(actions) as (keyof Ec2Client)[]) {
      const plain = actions[action] as (request: unknown) => Promise<unknown>;
      const hooked = async (request: unknown): Promise<unknown> => {
        this.#calls.push({ action, request });
        await fake.beforeCall?.({ action, request });
        const answer = await plain(request);
        await fake.afterCall?.({ action, request });
        return answer;
      };
      Object.assign(fake, { [action]: hooked });
    }
    return fake;
  }

  #addInstance(instance: FakeInstance): void {
    this.#instances.set(instance.id, instance);
    for (const group of instance.groups) this.#groups.add(group);
    const made = this.#create({ SubnetId: SUBNET_ID, Groups: [...instance.groups] });
    this.#attach(made.id, instance.id, 0);
  }

  #terminate(instanceId: string): void {
    this.#instances.delete(instanceId);
    const attached = [...this.#interfaces.values()].filter(
      ({ attachment }) => attachment?.instanceId === instanceId,
    );
    for (const { id } of attached) {
      this.#interfaces.delete(id);
      for (const branch of this.#interfaces.values()) {
        if (branch.association?.trunkId !== id) continue;
        const { association: _, ...rest } = branch;
        this.#interfaces.set(branch.id, rest);
      }
    }
  }

  #describeInstance(id: string): Instance {
    const instance = this.#instances.get(id);
    if (!instance) {
      throw new Ec2Error('InvalidInstanceID.NotFound', `The instance ID '${id}' does not exist`);
    }
    const attached = [...this.#interfaces.values()].filter(
      ({ attachment }) => attachment?.instanceId === id,
    );
    const primary = attached.find(({ attachment }) => attachment?.deviceIndex === 0);
    return {
      InstanceId: id,
      InstanceType: instance.type as NonNullable<Instance['InstanceType']>,
      SubnetId: SUBNET_ID,
      VpcId: VPC_ID,
      PrivateIpAddress: primary?.privateIp,
      NetworkInterfaces: attached.map((each) => this.#view(each) as InstanceNetworkInterface),
    };
  }

  #describeGroups(ids: readonly string[], filters: readonly Filter[]): { GroupId: string }[] {
    const missing = ids.find((id) => !this.#groups.has(id));
    if (missing !== undefined) throw groupNotFound(missing);
    const filter = filters.find(({ Name }) => Name === 'group-id');
    const wanted = filter?.Values ?? (ids.length > 0 ? ids : [...this.#groups]);
    return wanted.filter((id) => this.#groups.has(id)).map((GroupId) => ({ GroupId }));
  }

  #describeInterfaces(request: DescribeNetworkInterfacesRequest): NetworkInterface[] {
    const { NetworkInterfaceIds, Filters = [] } = request;
    const chosen = NetworkInterfaceIds
      ? NetworkInterfaceIds.map((id) => this.#interface(id))
      : [...this.#interfaces.values()];
    return chosen
      .filter((each) => Filters.every((filter) => this.#passes(each, filter)))
      .map((each) => this.#view(each));
  }

  #passes(each: FakeInterface, { Name = '', Values = [] }: Filter): boolean {
    const view = this.#view(each);
    const values: Readonly<Record<string, string | undefined>> = {
      status: view.Status,
      'vpc-id': VPC_ID,
      'subnet-id': each.subnetId,
      'interface-type': each.type,
      description: each.description,
      'network-interface-id': each.id,
      'attachment.instance-id': each.attachment?.instanceId,
    };
    const value = Name.startsWith('tag:') ? each.tags[Name.slice('tag:'.length)] : values[Name];
    return value !== undefined && Values.includes(value);
  }

  #view(each: FakeInterface): NetworkInterface {
    const { attachment } = each;
    return {
      NetworkInterfaceId: each.id,
      InterfaceType: each.type,
      Status: attachment || each.association ? 'in-use' : 'available',
      SubnetId: each.subnetId,
      VpcId: VPC_ID,
      Description: each.description,
      MacAddress: each.mac,
      PrivateIpAddress: each.privateIp,
      Groups: each.groups.map((GroupId) => ({ GroupId })),
      TagSet: Object.entries(each.tags).map(([Key, Value]) => ({ Key, Value })),
      ...(attachment && {
        Attachment: {
          AttachmentId: attachment.id,
          InstanceId: attachment.instanceId,
          DeviceIndex: attachment.deviceIndex,
          DeleteOnTermination: attachment.deleteOnTermination,
          Status: 'attached' as const,
        },
      }),
    };
  }

  #create(request: CreateNetworkInterfaceRequest): FakeInterface {
    const { ClientToken = '', SubnetId = '', Description = '', Groups = [] } = request;
    const known = this.#interfaces.get(this.#byToken.get(ClientToken) ?? '');
    if (known) return known;
    this.#serial += 1;
    const digits = this.#serial.toString(16);
    const made: FakeInterface = {
      id: `eni-${digits.padStart(17, '0')}`,
      type: request.InterfaceType === 'trunk' ? 'trunk' : 'interface',
      subnetId: SubnetId,
      privateIp: this.#freeAddress(),
      mac: `02:00:00:00:${digits.padStart(4, '0').replace(/(..)(..)/, '$1:$2')}`,
      description: Description,
      groups: this.#checkedGroups(Groups),
      tags: tagsOf(request),
    };
    this.#interfaces.set(made.id, made);
    if (ClientToken !== '') this.#byToken.set(ClientToken, made.id);
    return made;
  }

  #freeAddress(): string {
    const used = new Set([...this.#interfaces.values()].map(({ privateIp }) => privateIp));
    for (let host = FIRST_HOST; host <= LAST_HOST; host += 1) {
      if (!used.has(`10.0.0.${host}`)) return `10.0.0.${host}`;
    }
    throw new Ec2Error('InsufficientFreeAddressesInSubnet', 'The subnet has no free addresses');
  }

  #checkedGroups(groups: readonly string[]): readonly string[] {
    const missing = groups.find((id) => !this.#groups.has(id));
    if (missing !== undefined) throw groupNotFound(missing);
    if (groups.length > GROUPS_PER_INTERFACE) {
      throw new Ec2Error('InvalidParameterValue', 'Too many security groups for an interface');
    }
    return groups;
  }

  #interface(id: string | undefined): FakeInterface {
    const found = this.#interfaces.get(id ?? '');
    if (found) return found;
    const message = `The networkInterface ID '${id}' does not exist`;
    throw new Ec2Error('InvalidNetworkInterfaceID.NotFound', message);
  }

  #change(each: FakeInterface, change: Partial<FakeInterface>): void {
    const current = this.#interface(each.id);
    this.#interfaces.set(each.id, { ...current, ...change });
  }

  #attach(id = '', instanceId = '', deviceIndex = 0): string {
    const found = this.#interface(id);
    if (found.attachment) {
      throw new Ec2Error('InvalidNetworkInterface.InUse', `Interface: [${id}] in use.`);
    }
    const taken = [...this.#interfaces.values()].some(
      ({ attachment }) =>
        attachment?.instanceId === instanceId && attachment.deviceIndex === deviceIndex,
    );
    const message = `Device index ${deviceIndex} is in use`;
    if (taken) throw new Ec2Error('InvalidParameterValue', message);
    const attachment = {
      id: `eni-attach-${id.slice('eni-'.length)}`,
      instanceId,
      deviceIndex,
      deleteOnTermination: deviceIndex === 0,
    };
    this.#change(found, { attachment });
    return attachment.id;
  }

  #detach(attachmentId = ''): void {
    const found = [...this.#interfaces.values()].find(
      ({ attachment }) => attachment?.id === attachmentId,
    );
    if (!found) throw new Ec2Error('InvalidAttachmentID.NotFound', `No ${attachmentId}`);
    const { attachment: _, ...rest } = found;
    this.#interfaces.set(found.id, rest);
  }

  #delete(id = ''): void {
    const found = this.#interface(id);
    if (found.attachment) {
      const message = `Network interface '${id}' is currently in use.`;
      throw new Ec2Error('InvalidParameterValue', message);
    }
    this.#interfaces.delete(id);
  }

  #associate(branchId = '', trunkId = '', vlanId = 0): { AssociationId: string } {
    const branch = this.#interface(branchId);
    this.#checkRoom(this.#interface(trunkId), vlanId);
    if (branch.association || branch.attachment) {
      throw new Ec2Error('InvalidNetworkInterface.InUse', `Interface: [${branchId}] in use.`);
    }
    const association = { id: `trunk-assoc-${branchId.slice('eni-'.length)}`, trunkId, vlanId };
    this.#change(branch, { type: 'branch', association });
    return { AssociationId: association.id };
  }

  #checkRoom(trunk: FakeInterface, vlanId: number): void {
    const siblings = [...this.#interfaces.values()].filter(
      ({ association }) => association?.trunkId === trunk.id,
    );
    if (siblings.some(({ association }) => association?.vlanId === vlanId)) {
      throw new Ec2Error('InvalidParameterValue', `VLAN ${vlanId} is in use on ${trunk.id}`);
    }
    const type = this.#instances.get(trunk.attachment?.instanceId ?? '')?.type ?? '';
    if (siblings.length >= (instanceLimits(type)?.branchInterfaces ?? 0)) {
      throw new Ec2Error('InvalidParameterValue', `${trunk.id} has no room for another branch`);
    }
  }

  #disassociate(associationId = ''): void {
    const found = [...this.#interfaces.values()].find(
      ({ association }) => association?.id === associationId,
    );
    if (!found) throw new Ec2Error('InvalidAssociationID.NotFound', `No ${associationId}`);
    const { association: _, ...rest } = found;
    this.#interfaces.set(found.id, rest);
  }
}

function tagsOf({ TagSpecifications }: CreateNetworkInterfaceRequest): Record<string, string> {
  const tags = TagSpecifications?.[0]?.Tags ?? [];
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}

function groupNotFound(id: string): Ec2Error {
  return new Ec2Error('InvalidGroup.NotFound', `The security group '${id}' does not exist`);
}
