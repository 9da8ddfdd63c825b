import type { ElasticIp } from '../../api/vpc/elastic-ip.ts';
import { Ec2Error } from '../../ec2/error.ts';

/** `Resource.AlreadyAssociated`: the resource has, or is, the address. */
export function alreadyAssociated(id: string, { spec }: ElasticIp): Ec2Error {
  return new Ec2Error(
    'Resource.AlreadyAssociated',
    `resource ${id} is already associated with associate-id ${spec.association?.associationId ?? ''}`,
  );
}
