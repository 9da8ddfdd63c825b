import type { NetworkInterfaceAssociation } from '@aws-sdk/client-ec2';
import type { ElasticIp, ElasticIpAssociation } from '../../api/vpc/elastic-ip.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import type { Place } from '../context.ts';
import type { Store } from '../store/store.ts';
import { publicDnsName } from './pick.ts';

/** An association with the interface that it is about. */
export interface LiveAssociation extends ElasticIpAssociation {
  readonly eni: NetworkInterface;
}

/**
 * What an address is associated with now. Nothing is written when an interface goes or loses an
 * address: its association is just not one any more.
 */
export function liveAssociation(
  store: Store,
  { spec: { association } }: ElasticIp,
): LiveAssociation | undefined {
  const eni = store.interfaces.get(association?.networkInterfaceId ?? '');
  if (association === undefined || eni === undefined) return undefined;
  return eni.spec.privateIps.includes(association.privateIp) ? { ...association, eni } : undefined;
}

/** The Elastic IP address of a private address of an interface. */
export function elasticIpOf(
  store: Store,
  eni: NetworkInterface,
  privateIp: string,
): ElasticIp | undefined {
  return store.elasticIps.table
    .by('interface', eni.metadata.name)
    .find((each) => liveAssociation(store, each)?.privateIp === privateIp);
}

/** The public address of a private one: an Elastic IP, or what the instance got at its launch. */
export function associationView(
  place: Place,
  eni: NetworkInterface,
  privateIp: string | undefined,
): NetworkInterfaceAssociation | undefined {
  if (privateIp === undefined) return undefined;
  const elastic = elasticIpOf(place.store, eni, privateIp);
  if (elastic !== undefined)
    return {
      ...shown(place, eni, elastic.spec.publicIp),
      AllocationId: elastic.metadata.name,
      AssociationId: elastic.spec.association?.associationId,
      IpOwnerId: elastic.spec.account,
    };
  const { publicIp } = eni.spec;
  if (publicIp === undefined || privateIp !== eni.spec.privateIps[0]) return undefined;
  return isRunning(place.store, eni)
    ? { ...shown(place, eni, publicIp), IpOwnerId: 'amazon' }
    : undefined;
}

/** A stopped instance has no public address of its own. */
function isRunning(store: Store, { spec: { attachment } }: NetworkInterface): boolean {
  const instance = store.instances.get(attachment?.instanceId ?? '');
  return instance === undefined || instance.spec.state === 'running';
}

function shown(
  { store, region }: Place,
  { spec: { vpcId } }: NetworkInterface,
  publicIp: string,
): NetworkInterfaceAssociation {
  const hasName = store.vpcs.get(vpcId)?.spec.enableDnsHostnames ?? false;
  return { PublicIp: publicIp, PublicDnsName: hasName ? publicDnsName(publicIp, region) : '' };
}
