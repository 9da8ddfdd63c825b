import type { KubeObject } from '../../api/meta.ts';
import type { Ec2Error } from '../../ec2/error.ts';
import type { Call } from '../context.ts';
import { ownVpc } from '../own.ts';
import type { Collection } from '../store/collection.ts';
import { checkReplay, creationId, tokenFields } from '../tokens.ts';

type OfVpc = KubeObject & {
  readonly spec: { readonly vpcId: string; readonly clientTokenDigest?: string };
};

/** A new part of a VPC. */
export interface NewPart<T extends OfVpc> {
  readonly collection: Collection<T>;
  readonly action: string;
  /** How many a VPC may have; they are counted under the lock of this name. */
  readonly most: number;
  readonly lock: string;
  readonly tooMany: () => Ec2Error;
  readonly spec: Omit<T['spec'], 'clientToken' | 'clientTokenDigest'> & { readonly vpcId: string };
}

/**
 * Creates a part of a VPC of the caller, once per client token. The VPC is held, so that it is not
 * deleted meanwhile, and its parts of the kind are counted one at a time.
 */
export function createInVpc<T extends OfVpc>(
  call: Call,
  input: { readonly ClientToken?: string | undefined },
  { collection, action, most, lock, tooMany, spec }: NewPart<T>,
): Promise<T> {
  const { prefix } = collection.idKind;
  const { vpcId } = spec;
  const id = creationId(call, { prefix, action, token: input.ClientToken });
  const locks = { shared: [vpcId], exclusive: [id, `${lock}:${vpcId}`] };
  return call.store.locks.hold(locks, async () => {
    ownVpc(call, vpcId);
    const earlier = collection.get(id);
    checkReplay(earlier?.spec.clientTokenDigest, input);
    if (earlier !== undefined) return earlier;
    if (collection.table.count('vpc', vpcId) >= most) throw tooMany();
    const whole = { ...spec, ...tokenFields(input) } as unknown as T['spec'];
    return collection.create({ metadata: { name: id }, spec: whole } as unknown as T);
  });
}
