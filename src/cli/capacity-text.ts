import type { Capacity } from '../policy/capacity.ts';

/** The arithmetic of one instance type, line by line, each figure with the sum that it comes from. */
export function capacityText(one: Capacity & { readonly instanceType: string }): string {
  const { podInterfaces, branchInterfaces, maxPods } = one;
  const each = eachInterface(one);
  const sums: (readonly [string, number, string])[] = [
    ['network interfaces', one.interfaces, `${one.ipv4PerInterface} IPv4 addresses each`],
    ['secondary addresses', one.secondaryAddresses, `${podInterfaces} x ${each}`],
    ['max-pods', maxPods, maxPodsSum(one)],
    ['branch interfaces', branchInterfaces, branchInterfaces === 0 ? 'no trunk' : 'of one trunk'],
  ];
  if (branchInterfaces > 0) sums.push(...trunkSums(one, each));
  const lines = sums.map(([what, count, why]) => {
    return `  ${what.padEnd(24)}${String(count).padStart(6)}   ${why}`;
  });
  return [one.instanceType, ...lines, ...one.notes.map((note) => `  note: ${note}`)].join('\n');
}

function eachInterface({ addressesPerInterface, ipv4PerInterface }: Capacity): string {
  const single = `(${ipv4PerInterface} - 1)`;
  return addressesPerInterface === ipv4PerInterface - 1 ? single : `${single} x 16`;
}

function maxPodsSum({ secondaryAddresses, cappedFrom }: Capacity): string {
  const sum = `${secondaryAddresses} + 2 that use the host's network`;
  return cappedFrom === undefined ? sum : `${sum} is ${cappedFrom}: EKS's ceiling`;
}

function trunkSums(one: Capacity, each: string): (readonly [string, number, string])[] {
  const { maxPods, branchInterfaces, secondaryAddressesWithTrunk: left, podInterfaces } = one;
  return [
    [
      'other pods',
      one.otherPods,
      `${maxPods} - ${branchInterfaces}: pods on branches count against max-pods`,
    ],
    [
      'addresses with a trunk',
      left,
      `(${podInterfaces} - 1) x ${each}: the trunk takes the place of one interface`,
    ],
    [
      'pods with a trunk',
      one.podsWithTrunk,
      `${left} + 2 + ${branchInterfaces}: each with an address or a branch`,
    ],
  ];
}
