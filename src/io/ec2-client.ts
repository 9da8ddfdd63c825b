import {
  AssignPrivateIpAddressesCommand,
  AssociateTrunkInterfaceCommand,
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  CreateNetworkInterfacePermissionCommand,
  DeleteNetworkInterfaceCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DetachNetworkInterfaceCommand,
  DisassociateTrunkInterfaceCommand,
  EC2Client,
  ModifyNetworkInterfaceAttributeCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import type { Ec2Client } from '../ec2/client.ts';
import { Ec2Error } from '../ec2/error.ts';

/** Where EC2 is, and as whom we call it. Without an endpoint it is AWS's own for the region. */
export interface Ec2ClientOptions {
  readonly endpoint?: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Tries per call, the first one included; the SDK waits between them. */
  readonly maxAttempts?: number;
}

const MAX_ATTEMPTS = 3;

/** EC2 over the AWS SDK, which signs and retries. Failures become Ec2Error here and nowhere else. */
export function createEc2Client(options: Ec2ClientOptions): Ec2Client & { close(): void } {
  const sdk = new EC2Client({
    region: options.region,
    credentials: options.credentials,
    maxAttempts: options.maxAttempts ?? MAX_ATTEMPTS,
    ...(options.endpoint !== undefined && { endpoint: options.endpoint }),
  });
  return {
    describeInstances: (input) => call(sdk.send(new DescribeInstancesCommand(input))),
    describeSubnets: (input) => call(sdk.send(new DescribeSubnetsCommand(input))),
    describeSecurityGroups: (input) => call(sdk.send(new DescribeSecurityGroupsCommand(input))),
    describeNetworkInterfaces: (input) =>
      call(sdk.send(new DescribeNetworkInterfacesCommand(input))),
    createNetworkInterface: (input) => call(sdk.send(new CreateNetworkInterfaceCommand(input))),
    createNetworkInterfacePermission: (input) =>
      call(sdk.send(new CreateNetworkInterfacePermissionCommand(input))),
    attachNetworkInterface: (input) => call(sdk.send(new AttachNetworkInterfaceCommand(input))),
    detachNetworkInterface: (input) => call(sdk.send(new DetachNetworkInterfaceCommand(input))),
    deleteNetworkInterface: (input) => call(sdk.send(new DeleteNetworkInterfaceCommand(input))),
    modifyNetworkInterfaceAttribute: (input) =>
      call(sdk.send(new ModifyNetworkInterfaceAttributeCommand(input))),
    associateTrunkInterface: (input) => call(sdk.send(new AssociateTrunkInterfaceCommand(input))),
    disassociateTrunkInterface: (input) =>
      call(sdk.send(new DisassociateTrunkInterfaceCommand(input))),
    assignPrivateIpAddresses: (input) => call(sdk.send(new AssignPrivateIpAddressesCommand(input))),
    unassignPrivateIpAddresses: (input) =>
      call(sdk.send(new UnassignPrivateIpAddressesCommand(input))),
    close: () => sdk.destroy(),
  };
}

async function call<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw toEc2Error(error);
  }
}

/** An answer has an HTTP status and a code as its name; anything else never reached EC2. */
function toEc2Error(error: unknown): Ec2Error {
  const { name, message, $metadata } = error as Error & {
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const code = $metadata?.httpStatusCode === undefined ? 'Unreachable' : name;
  return new Ec2Error(code, message, { cause: error });
}
