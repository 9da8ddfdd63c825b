import type {
  AllocateAddressRequest,
  AllocateAddressResult,
  AssociateAddressRequest,
  AssociateAddressResult,
  DisassociateAddressRequest,
  ReleaseAddressRequest,
} from '@aws-sdk/client-ec2';
import type { ElasticIp } from '../../api/vpc/elastic-ip.ts';
import type { NetworkInterface } from '../../api/vpc/network-interface.ts';
import { newId } from '../../base/ids.ts';
import { Ec2Error } from '../../ec2/error.ts';
import { ID_KINDS, notFound } from '../../ec2/id-kinds.ts';
import type { Call, Handler } from '../context.ts';
import { onlyInterface } from '../instances/attributes.ts';
import { ownInterface, refuseManaged } from '../managed/own-interface.ts';
import { invalidValue, own, ownAll, sees } from '../own.ts';
import { elasticIpOf, liveAssociation } from '../public-ips/association.ts';
import { alreadyAssociated } from '../public-ips/errors.ts';
import { isTaken, withPublicIp } from '../public-ips/pick.ts';
import { specifiedTags } from '../tags.ts';

/** AllocateAddress: an address of our choice, or `Address` when nobody has it. */
export const allocateAddress: Handler<AllocateAddressRequest, AllocateAddressResult> = (
  input,
  call,
) => {
  const { accountId: account, region, store } = call;
  const tags = specifiedTags(input.TagSpecifications, 'elastic-ip', call.quotas);
  const allocate = (publicIp: string): Promise<ElasticIp> =>
    store.elasticIps.create({
      metadata: { name: newId(call.random, 'eipalloc') },
      spec: { account, region, publicIp, tags },
    });
  return store.locks.hold({ exclusive: [`elastic-ips:${account}/${region}`] }, async () => {
    if (ownAll(call, store.elasticIps).length >= call.quotas.elasticIpsPerRegion)
      throw new Ec2Error(
        'AddressLimitExceeded',
        'The maximum number of addresses has been reached.',
      );
    const { metadata, spec } =
      input.Address === undefined
        ? await withPublicIp(call, allocate)
        : await allocateThis(call, input.Address, allocate);
    return {
      AllocationId: metadata.name,
      PublicIp: spec.publicIp,
      Domain: 'vpc',
      PublicIpv4Pool: 'amazon',
      NetworkBorderGroup: region,
    };
  });
};

function allocateThis(
  call: Call,
  address: string,
  allocate: (ip: string) => Promise<ElasticIp>,
): Promise<ElasticIp> {
  return call.store.locks.hold({ exclusive: [`public-ip:${address}`] }, () => {
    if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(address))
      throw invalidValue(`Invalid value '${address}' for address.`);
    if (isTaken(call, address))
      throw new Ec2Error('InvalidAddress.InUse', `Address ${address} is in use.`);
    return allocate(address);
  });
}

interface Named {
  readonly AllocationId?: string | undefined;
  readonly PublicIp?: string | undefined;
}

/** The caller's address that a request names, by id or by itself. */
function namedAddress(call: Call, { AllocationId: id, PublicIp: publicIp }: Named): ElasticIp {
  const { elasticIps } = call.store;
  if (id !== undefined && publicIp !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'You may specify public IP or allocation id, but not both in the same call',
    );
  if (id !== undefined) return own(call, elasticIps, id);
  if (publicIp === undefined)
    throw new Ec2Error('MissingParameter', 'Either public IP or allocation id must be specified');
  const found = elasticIps.table.by('publicIp', publicIp).find((each) => sees(call, each));
  if (found === undefined)
    throw new Ec2Error('InvalidAddress.NotFound', `Address '${publicIp}' not found.`);
  return found;
}

/** ReleaseAddress: refused while the address is associated. */
export const releaseAddress: Handler<ReleaseAddressRequest, void> = async (input, call) => {
  const { store } = call;
  const id = namedAddress(call, input).metadata.name;
  await store.locks.hold({ exclusive: [id] }, async () => {
    const address = own(call, store.elasticIps, id);
    refuseManaged(liveAssociation(store, address)?.eni);
    if (liveAssociation(store, address) !== undefined)
      throw new Ec2Error('InvalidIPAddress.InUse', `Address ${address.spec.publicIp} is in use.`);
    await store.elasticIps.remove(id);
  });
};

/** AssociateAddress. An address that is in use moves, unless AllowReassociation is false. */
export const associateAddress: Handler<AssociateAddressRequest, AssociateAddressResult> = (
  input,
  call,
) => {
  const { store } = call;
  const id = namedAddress(call, input).metadata.name;
  const eniId = targetOf(call, input).metadata.name;
  return store.locks.hold({ exclusive: [id, eniId] }, async () => {
    const address = own(call, store.elasticIps, id);
    const eni = ownInterface(call, eniId);
    refuseManaged(liveAssociation(store, address)?.eni);
    const privateIp = privateIpOf(eni, input.PrivateIpAddress);
    checkGateway(call, eni.spec.vpcId);
    if (input.AllowReassociation === false) checkFree(call, address);
    const former = elasticIpOf(store, eni, privateIp);
    if (former !== undefined && former.metadata.name !== id) {
      if (input.AllowReassociation !== true) throw alreadyAssociated(eniId, former);
      await store.elasticIps.update(former.metadata.name, withoutAssociation);
    }
    const associationId = newId(call.random, 'eipassoc');
    const association = { associationId, networkInterfaceId: eniId, privateIp };
    await store.elasticIps.update(id, (each) => ({ ...each, spec: { ...each.spec, association } }));
    return { AssociationId: associationId };
  });
};

function targetOf(
  call: Call,
  { InstanceId: instanceId, NetworkInterfaceId: eniId }: AssociateAddressRequest,
): NetworkInterface {
  if (instanceId !== undefined && eniId !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'You may specify instance id or network interface id, but not both in the same call',
    );
  if (eniId !== undefined) return own(call, call.store.interfaces, eniId);
  if (instanceId === undefined)
    throw new Ec2Error(
      'MissingParameter',
      'Either instance ID or network interface id must be specified',
    );
  own(call, call.store.instances, instanceId);
  return onlyInterface(call, instanceId);
}

function privateIpOf({ metadata, spec }: NetworkInterface, wanted: string | undefined): string {
  const address = wanted ?? spec.privateIps[0];
  if (address !== undefined && spec.privateIps.includes(address)) return address;
  throw invalidValue(
    `Invalid value '${wanted ?? ''}' for PrivateIpAddress. The private IP address is not assigned to interface '${metadata.name}'.`,
  );
}

function checkGateway({ store }: Call, vpcId: string): void {
  if (store.internetGateways.table.count('vpc', vpcId) === 0)
    throw new Ec2Error(
      'Gateway.NotAttached',
      `Network ${vpcId} is not attached to any internet gateway`,
    );
}

function checkFree({ store }: Call, address: ElasticIp): void {
  if (liveAssociation(store, address) !== undefined)
    throw alreadyAssociated(address.metadata.name, address);
}

function withoutAssociation({ spec, ...address }: ElasticIp): ElasticIp {
  const { association: _ended, ...rest } = spec;
  return { ...address, spec: rest };
}

/** DisassociateAddress; what is not associated stays so. */
export const disassociateAddress: Handler<DisassociateAddressRequest, void> = async (
  input,
  call,
) => {
  const { store } = call;
  const id = disassociated(call, input).metadata.name;
  await store.locks.hold({ exclusive: [id] }, async () => {
    refuseManaged(liveAssociation(store, own(call, store.elasticIps, id))?.eni);
    await store.elasticIps.update(id, withoutAssociation);
  });
};

function disassociated(call: Call, input: DisassociateAddressRequest): ElasticIp {
  const { AssociationId: id, PublicIp: publicIp } = input;
  if (id === undefined) return namedAddress(call, { PublicIp: publicIp });
  if (publicIp !== undefined)
    throw new Ec2Error(
      'InvalidParameterCombination',
      'You may specify public IP or association id, but not both in the same call',
    );
  const { store } = call;
  const found = store.elasticIps.table
    .by('association', id)
    .find((each) => sees(call, each) && liveAssociation(store, each) !== undefined);
  if (found === undefined) throw notFound(ID_KINDS.elasticIpAssociation, id);
  return found;
}
