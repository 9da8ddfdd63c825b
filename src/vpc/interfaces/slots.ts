import { Ec2Error } from '../../ec2/error.ts';
import { instanceLimits } from '../../ec2/limits.ts';
import { invalidValue } from '../own.ts';

/** Where on an instance an interface is attached. */
export interface Slot {
  readonly deviceIndex: number;
  readonly networkCardIndex: number;
}

/**
 * Refuses more interfaces than an instance type has room for, in all or on one network card, and
 * two at the same place.
 */
export function checkSlots(instanceType: string, slots: readonly Slot[]): void {
  const limits = instanceLimits(instanceType);
  if (limits === undefined) return;
  if (slots.length > limits.maxInterfaces)
    throw new Ec2Error(
      'AttachmentLimitExceeded',
      `Interface count ${slots.length} exceeds the limit for ${instanceType}`,
    );
  const byCard = Map.groupBy(slots, ({ networkCardIndex }) => networkCardIndex);
  for (const [card, members] of byCard) {
    const most = limits.networkCards[card];
    if (most === undefined)
      throw invalidValue(`Network card index '${card}' is invalid for ${instanceType}.`);
    if (members.length > most)
      throw new Ec2Error(
        'AttachmentLimitExceeded',
        `Interface count ${members.length} of network card ${card} exceeds the limit for ${instanceType}`,
      );
  }
}

/** Refuses a device index that is no index. */
export function checkDeviceIndex(deviceIndex: number): void {
  if (!Number.isInteger(deviceIndex) || deviceIndex < 0)
    throw invalidValue(`Invalid value '${deviceIndex}' for deviceIndex.`);
}

/** Whether two interfaces would be at the same place. */
export function sameSlot(a: Slot, b: Slot): boolean {
  return a.deviceIndex === b.deviceIndex && a.networkCardIndex === b.networkCardIndex;
}
