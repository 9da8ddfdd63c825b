import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { NetworkInsightsPath } from '../../api/vpc/network-insights-path.ts';
import { isId } from '../../base/ids.ts';
import { parseIp } from '../../base/ip.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS } from '../../ec2/id-kinds.ts';
import type { Call } from '../context.ts';
import { invalidValue, own } from '../own.ts';
import { delegatedAround, singleAddresses } from '../store/address-space.ts';
import { addressKey } from '../store/keys.ts';
import { interfacesOf } from '../views/instance.ts';

/** The id in an id or ARN of an interface or instance; other kinds of ends are refused. */
export function endpointId(text: string): string {
  const id = text.slice(text.lastIndexOf('/') + 1);
  if (isId(id, ID_KINDS.interface.prefix) || isId(id, ID_KINDS.instance.prefix)) return id;
  throw invalidValue(
    `Value (${text}) is invalid: only network interfaces and instances can be analyzed.`,
  );
}

/** The interface that stands for an end of a path: itself, or the primary one of an instance. */
export function endpointInterface(call: Call, id: string): NetworkInterface {
  if (isId(id, ID_KINDS.interface.prefix)) return own(call, call.store.interfaces, id);
  own(call, call.store.instances, id);
  const [primary] = interfacesOf(call, id);
  if (primary !== undefined) return primary;
  throw new Ec2Error('InvalidParameterValue', `The instance '${id}' has no network interface.`);
}

/** The ends of a path, as they are now. */
export interface Ends {
  readonly sender: NetworkInterface;
  readonly receiver: NetworkInterface | undefined;
  readonly source: string;
  readonly destination: string;
}

/** Finds the interfaces and addresses between which the path runs. */
export function endsOf(call: Call, { spec }: NetworkInsightsPath): Ends {
  const sender = endpointInterface(call, spec.source);
  const receiver =
    spec.destination === undefined
      ? holderOf(call, sender.spec.vpcId, spec.destinationIp ?? '')
      : endpointInterface(call, spec.destination);
  const destination = spec.destinationIp ?? (receiver && singleAddresses(receiver)[0]) ?? '';
  return { sender, receiver, destination, source: spec.sourceIp ?? sourceFor(sender, destination) };
}

/** The first address of the sender that is of the destination's family. */
function sourceFor(sender: NetworkInterface, destination: string): string {
  const isV6 = destination.includes(':');
  const own = singleAddresses(sender);
  return own.find((address) => address.includes(':') === isV6) ?? own[0] ?? '';
}

/** The interface that has an address: in the VPC of the sender, or in one that is peered with it. */
function holderOf({ store }: Call, vpcId: string, address: string): NetworkInterface | undefined {
  const ip = parseIp(address);
  if (!ip.ok) return undefined;
  const peered = store.peerings.table
    .by('vpc', vpcId)
    .flatMap(({ spec }) => [spec.requester.vpcId, spec.accepter.vpcId]);
  return [vpcId, ...peered]
    .flatMap((id) => [addressKey(id, address), addressKey(id, delegatedAround(ip.value))])
    .flatMap((key) => store.interfaces.table.by('address', key))[0];
}
