import { Ec2Error } from '../../ec2/error.ts';

/** Services with gateway endpoints; AWS has a prefix list for each. */
const GATEWAY_SERVICES = ['s3', 'dynamodb'] as const;

/** The two types of endpoints that we have. */
export type EndpointType = 'Gateway' | 'Interface';

/** Services with interface endpoints that clusters usually need; others may be named too. */
const LISTED = [
  'autoscaling',
  'ec2',
  'ec2messages',
  'ecr.api',
  'ecr.dkr',
  'eks',
  'eks-auth',
  'elasticloadbalancing',
  'kms',
  'logs',
  'monitoring',
  'rds',
  's3',
  'secretsmanager',
  'sns',
  'sqs',
  'ssm',
  'ssmmessages',
  'sts',
] as const;

/** A service and how it can be reached. */
export interface EndpointService {
  readonly name: string;
  readonly type: EndpointType;
}

/** The services of a region that DescribeVpcEndpointServices lists. */
export function endpointServices(region: string): readonly EndpointService[] {
  const named = (type: EndpointType) => (service: string) => ({
    name: `com.amazonaws.${region}.${service}`,
    type,
  });
  return [...GATEWAY_SERVICES.map(named('Gateway')), ...LISTED.map(named('Interface'))];
}

/** Refuses a service that does not exist in the region, or cannot be reached in this way. */
export function checkService(region: string, serviceName: string, type: EndpointType): void {
  const prefix = `com.amazonaws.${region}.`;
  if (!serviceName.startsWith(prefix) || !/^[a-z0-9.-]+$/.test(serviceName.slice(prefix.length)))
    throw new Ec2Error(
      'InvalidServiceName',
      `The Vpc Endpoint Service '${serviceName}' does not exist`,
    );
  const short = serviceName.slice(prefix.length);
  const hasGateway = GATEWAY_SERVICES.some((each) => each === short);
  if (type === 'Gateway' && !hasGateway)
    throw new Ec2Error(
      'InvalidParameter',
      'Endpoint type (Gateway) does not match available service types ([Interface]).',
    );
}
