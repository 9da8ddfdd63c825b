import { formatCidr, type Cidr } from '../base/cidr.ts';
import type { GroupId } from '../base/ids.ts';
import { formatIp, type Ip } from '../base/ip.ts';
import type { InterfaceView } from '../policy/world.ts';
import type { Part } from './live-program.ts';
import { point, span } from './program.ts';

/** Who claims an address or a prefix, and the groups that it wears. */
export interface Claim {
  readonly what: Ip | Cidr;
  readonly groupIds: readonly GroupId[];
}

/** Whoever has addresses. */
export type Claimant = Pick<InterfaceView, 'addresses' | 'prefixes'>;

/** All that it claims. */
export function claimsOf(view: Claimant | undefined): readonly (Ip | Cidr)[] {
  return view ? [...view.addresses, ...(view.prefixes ?? [])] : [];
}

/** Unique for an address or a prefix. */
export function claimText(what: Ip | Cidr): string {
  return 'value' in what ? formatIp(what) : formatCidr(what);
}

/** The element that gives an address or a prefix its class. */
export function claimPart(what: Ip | Cidr, classId: number): Part {
  const key =
    'value' in what ? [point(what.value)] : [{ first: what.first, last: what.last }, span(0, 255)];
  const set = 'value' in what ? `class${what.family}` : 'class6_blocks';
  return { elements: [{ set, element: { key, value: classId } }] };
}
