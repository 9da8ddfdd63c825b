import type { NetworkStep } from '../base/network.ts';

/** Errno names that mean "the thing to delete is not there". */
const MISSING: ReadonlySet<string> = new Set([
  'ENODEV',
  'ENOENT',
  'ESRCH',
  'EADDRNOTAVAIL',
  'ENXIO',
]);

/** Whether the step says that this failure is fine. An empty group has nothing to delete. */
export function tolerates(step: NetworkStep, code: string): boolean {
  if (step.op === 'link-delete-group') return code === 'ENODEV';
  if (code === 'EEXIST') return 'ignoreExisting' in step && step.ignoreExisting;
  return MISSING.has(code) && 'ignoreMissing' in step && step.ignoreMissing;
}

/** A step in one line, for error texts: `link-add-veth eth0`. */
export function describeStep(step: NetworkStep): string {
  return `${step.op} ${subject(step)}`;
}

function subject(step: NetworkStep): string {
  if ('name' in step) return step.name;
  if ('priority' in step) return `priority ${step.priority} table ${step.table}`;
  if ('group' in step) return String(step.group);
  if ('destination' in step) return `${step.destination} table ${step.table ?? 'main'}`;
  if (step.op === 'proxy-delay-set') return step.link;
  return `${'address' in step ? step.address : step.mac} on ${step.link}`;
}
