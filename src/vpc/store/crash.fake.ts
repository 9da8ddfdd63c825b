import type { FakeKube, FakeKubeCall } from '../../api/client.fake.ts';
import { KubeError } from '../../api/kube-error.ts';

const WRITES: ReadonlySet<string> = new Set(['create', 'replace', 'patch', 'delete']);

/** What a process sees of an API server that does not answer. */
export const GONE: KubeError = new KubeError('Unreachable', 'connection reset', { status: 0 });

/** What became of the last write before the crash. */
export type Fault = 'lost before it was stored' | 'stored, but the answer was lost';

/** Both. */
export const FAULTS: readonly Fault[] = [
  'lost before it was stored',
  'stored, but the answer was lost',
];

/** Whether the call changes something. */
export function isWrite({ verb }: FakeKubeCall): boolean {
  return WRITES.has(verb);
}

/**
 * From the n-th write on, the process is as good as dead: nothing gets through any more. Of writes
 * that are under way at that moment, the answers are lost too.
 */
export function dieAt(kube: FakeKube, n: number, fault: Fault): { readonly hit: boolean } {
  let begun = 0;
  let stored = 0;
  const state = { hit: false };
  const die = (): never => {
    state.hit = true;
    throw GONE;
  };
  kube.beforeCall = (call) => {
    if (state.hit) throw GONE;
    if (!isWrite(call)) return;
    begun += 1;
    if (begun === n && fault === 'lost before it was stored') die();
  };
  kube.afterCall = (call) => {
    if (!isWrite(call)) return;
    stored += 1;
    if (state.hit || (stored === n && fault !== 'lost before it was stored')) die();
  };
  return state;
}

/** Ends the faults. */
export function heal(kube: FakeKube): void {
  kube.beforeCall = undefined;
  kube.afterCall = undefined;
}
