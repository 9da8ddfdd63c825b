/**
 * An EC2 API as a target of the truth tables: each table becomes a VPC, each first packet of TCP and UDP a
 * path that the API analyses. Replies, other protocols, IPv6 and network ACLs cannot be asked this way.
 */
import * as ec2 from '@aws-sdk/client-ec2';
import { must } from '../base/assert.ts';
import { objectsOf } from '../policy/conformance/objects.ts';
import type { FlowPacket, OpenTarget, TableWorld, Target } from '../policy/conformance/table.ts';
import type { SecurityGroupRuleSpec } from '../api/vpc/security-group.ts';

const VPC_BLOCK = '10.0.0.0/16';
const SUBNET_BLOCK = '10.0.1.0/24';
const POLL_MS = 200;
const POLLS_MAX = 600;

/** The API at a URL, with credentials and region of the environment. */
export function ec2Target(
  endpoint: string,
  env: Readonly<Record<string, string | undefined>>,
): Target {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const sessionToken = env['AWS_SESSION_TOKEN'];
  const client = new ec2.EC2Client({
    endpoint,
    region: env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    ...(accessKeyId !== undefined &&
      secretAccessKey !== undefined && {
        credentials: {
          accessKeyId,
          secretAccessKey,
          ...(sessionToken !== undefined && { sessionToken }),
        },
      }),
  });
  return {
    name: endpoint,
    open: async (world) => {
      const { acls, subnets, prefixLists } = world;
      const more = (acls ?? subnets ?? prefixLists) !== undefined;
      return more ? NOT_HERE : Ec2World.make(client, world);
    },
  };
}

/** Stands for a table that cannot be told to an API by groups and interfaces alone. */
const NOT_HERE: OpenTarget = {
  cannot: () => 'the table needs more than groups',
  send: async () => false,
  change: async () => {},
  close: async () => {},
};

class Ec2World implements OpenTarget {
  readonly #client: ec2.EC2Client;
  readonly #vpcId: string;
  readonly #subnetId: string;
  /** Ids there by names in the table. */
  readonly #groups = new Map<string, string>();
  readonly #interfaces = new Map<string, string>();
  #world: TableWorld;

  constructor(client: ec2.EC2Client, world: TableWorld, ids: readonly [string, string]) {
    this.#client = client;
    this.#world = world;
    [this.#vpcId, this.#subnetId] = ids;
  }

  static async make(client: ec2.EC2Client, world: TableWorld): Promise<Ec2World> {
    const { Vpc } = await client.send(new ec2.CreateVpcCommand({ CidrBlock: VPC_BLOCK }));
    const vpcId = must(Vpc?.VpcId, () => 'CreateVpc answers an id');
    const { Subnet } = await client.send(
      new ec2.CreateSubnetCommand({ VpcId: vpcId, CidrBlock: SUBNET_BLOCK }),
    );
    const made = new Ec2World(client, world, [
      vpcId,
      must(Subnet?.SubnetId, () => 'CreateSubnet answers an id'),
    ]);
    await made.#fill();
    return made;
  }

  cannot({ packet, way }: FlowPacket): string | undefined {
    if (way !== 'first') return 'only first packets can be asked for';
    if (packet.protocol !== 6 && packet.protocol !== 17) return 'only tcp and udp can be asked for';
    if (!packet.destinationPort) return 'a port is needed';
    const known = [packet.source, packet.destination].every((text) => this.#interfaces.has(text));
    return known ? undefined : 'both ends must be primary addresses of interfaces';
  }

  async send({ packet }: FlowPacket): Promise<boolean> {
    const path = await this.#client.send(
      new ec2.CreateNetworkInsightsPathCommand({
        Source: this.#interfaces.get(packet.source),
        Destination: this.#interfaces.get(packet.destination),
        Protocol: packet.protocol === 6 ? 'tcp' : 'udp',
        DestinationPort: packet.destinationPort,
        ClientToken: crypto.randomUUID(),
      }),
    );
    const NetworkInsightsPathId = path.NetworkInsightsPath?.NetworkInsightsPathId;
    const started = await this.#client.send(
      new ec2.StartNetworkInsightsAnalysisCommand({
        NetworkInsightsPathId,
        ClientToken: crypto.randomUUID(),
      }),
    );
    const id = must(started.NetworkInsightsAnalysis?.NetworkInsightsAnalysisId, () => 'an id');
    const found = await this.#finished(id);
    await this.#client.send(
      new ec2.DeleteNetworkInsightsAnalysisCommand({ NetworkInsightsAnalysisId: id }),
    );
    await this.#client.send(new ec2.DeleteNetworkInsightsPathCommand({ NetworkInsightsPathId }));
    return found;
  }

  async change(world: TableWorld): Promise<void> {
    this.#world = world;
    await this.#setRules();
    for (const item of objectsOf(world).interfaces)
      await this.#client.send(
        new ec2.ModifyNetworkInterfaceAttributeCommand({
          NetworkInterfaceId: this.#interfaces.get(item.spec.privateIps[0] ?? ''),
          Groups: this.#ids(item.spec.groups),
        }),
      );
  }

  async close(): Promise<void> {
    for (const NetworkInterfaceId of this.#interfaces.values())
      await this.#client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));
    await this.#clearRules();
    for (const GroupId of this.#groups.values())
      await this.#client.send(new ec2.DeleteSecurityGroupCommand({ GroupId }));
    await this.#client.send(new ec2.DeleteSubnetCommand({ SubnetId: this.#subnetId }));
    await this.#client.send(new ec2.DeleteVpcCommand({ VpcId: this.#vpcId }));
  }

  async #fill(): Promise<void> {
    const { groups, interfaces } = objectsOf(this.#world);
    for (const { metadata } of groups) {
      const { GroupId } = await this.#client.send(
        new ec2.CreateSecurityGroupCommand({
          VpcId: this.#vpcId,
          GroupName: `table ${metadata.name}`,
          Description: 'trunkline conformance',
        }),
      );
      this.#groups.set(
        metadata.name,
        must(GroupId, () => 'an id'),
      );
    }
    await this.#setRules();
    for (const { spec } of interfaces) {
      const { NetworkInterface } = await this.#client.send(
        new ec2.CreateNetworkInterfaceCommand({
          SubnetId: this.#subnetId,
          PrivateIpAddress: spec.privateIps[0],
          Groups: this.#ids(spec.groups),
        }),
      );
      const id = must(NetworkInterface?.NetworkInterfaceId, () => 'an id');
      this.#interfaces.set(spec.privateIps[0] ?? '', id);
    }
  }

  #ids(names: readonly string[]): string[] {
    return names.flatMap((name) => this.#groups.get(name) ?? []);
  }

  async #setRules(): Promise<void> {
    await this.#clearRules();
    for (const { metadata, spec } of objectsOf(this.#world).groups)
      for (const rule of spec.rules) {
        const permission = this.#permission(rule);
        if (!permission) continue;
        const input = { GroupId: this.#groups.get(metadata.name), IpPermissions: [permission] };
        await (rule.isEgress
          ? this.#client.send(new ec2.AuthorizeSecurityGroupEgressCommand(input))
          : this.#client.send(new ec2.AuthorizeSecurityGroupIngressCommand(input)));
      }
  }

  async #clearRules(): Promise<void> {
    for (const GroupId of this.#groups.values()) {
      const { SecurityGroupRules = [] } = await this.#client.send(
        new ec2.DescribeSecurityGroupRulesCommand({
          Filters: [{ Name: 'group-id', Values: [GroupId] }],
        }),
      );
      const ids = (egress: boolean) =>
        SecurityGroupRules.filter(({ IsEgress }) => IsEgress === egress).flatMap(
          ({ SecurityGroupRuleId }) => SecurityGroupRuleId ?? [],
        );
      const [out, into] = [ids(true), ids(false)];
      if (out.length > 0)
        await this.#client.send(
          new ec2.RevokeSecurityGroupEgressCommand({ GroupId, SecurityGroupRuleIds: out }),
        );
      if (into.length > 0)
        await this.#client.send(
          new ec2.RevokeSecurityGroupIngressCommand({ GroupId, SecurityGroupRuleIds: into }),
        );
    }
  }

  /** A rule for a group or list that does not exist cannot be made there: it admits nothing anyhow. */
  #permission(rule: SecurityGroupRuleSpec): ec2.IpPermission | undefined {
    const {
      ipProtocol: IpProtocol,
      fromPort,
      toPort,
      cidrIpv4,
      cidrIpv6,
      referencedGroupId,
    } = rule;
    const ports = fromPort === undefined ? {} : { FromPort: fromPort, ToPort: toPort };
    const icmp = IpProtocol.startsWith('icmp') && fromPort === undefined;
    const numbers = icmp ? { FromPort: -1, ToPort: -1 } : ports;
    const base = { IpProtocol, ...numbers };
    if (cidrIpv4 !== undefined) return { ...base, IpRanges: [{ CidrIp: cidrIpv4 }] };
    if (cidrIpv6 !== undefined) return { ...base, Ipv6Ranges: [{ CidrIpv6: cidrIpv6 }] };
    const GroupId = this.#groups.get(referencedGroupId ?? '');
    return GroupId === undefined ? undefined : { ...base, UserIdGroupPairs: [{ GroupId }] };
  }

  async #finished(id: string): Promise<boolean> {
    for (let i = 0; i < POLLS_MAX; i++) {
      const { NetworkInsightsAnalyses } = await this.#client.send(
        new ec2.DescribeNetworkInsightsAnalysesCommand({ NetworkInsightsAnalysisIds: [id] }),
      );
      const analysis = NetworkInsightsAnalyses?.[0];
      if (analysis?.Status === 'succeeded') return analysis.NetworkPathFound === true;
      if (analysis?.Status === 'failed')
        throw new Error(`Analysis ${id}: ${analysis.StatusMessage}`);
      await new Promise((done) => {
        setTimeout(done, POLL_MS);
      });
    }
    throw new Error(`Analysis ${id} does not end`);
  }
}
