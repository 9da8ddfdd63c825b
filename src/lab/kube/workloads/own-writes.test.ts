import { beforeEach, describe, expect, test } from 'vitest';
import type { Informer, InformerChange } from '../../../api/informer.ts';
import { keyOf, keyText, type KubeObject } from '../../../api/meta.ts';
import { createOwnWrites, type OwnWrites } from './own-writes.ts';

/** An informer whose events the test sends. */
class ManualInformer implements Informer<KubeObject> {
  readonly synced = Promise.resolve();
  readonly #objects = new Map<string, KubeObject>();
  #handler: (change: InformerChange<KubeObject>) => void = () => undefined;

  get(key: { name: string; namespace?: string | undefined }): KubeObject | undefined {
    return this.#objects.get(keyText(key));
  }

  list(): readonly KubeObject[] {
    return [...this.#objects.values()];
  }

  subscribe(handler: (change: InformerChange<KubeObject>) => void): () => void {
    this.#handler = handler;
    return () => undefined;
  }

  put(object: KubeObject): void {
    this.#objects.set(keyText(keyOf(object)), object);
    this.#handler({ type: 'added', object });
  }

  remove(object: KubeObject): void {
    this.#objects.delete(keyText(keyOf(object)));
    this.#handler({ type: 'deleted', object });
  }
}

const at = (version: number, more: Partial<KubeObject['metadata']> = {}): KubeObject => ({
  metadata: { name: 'x', uid: 'u', resourceVersion: String(version), ...more },
});

let nowMs: number;
let informer: ManualInformer;
let view: OwnWrites<KubeObject>;

beforeEach(() => {
  nowMs = 0;
  informer = new ManualInformer();
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: () => Promise.resolve() };
  view = createOwnWrites(informer, clock);
});

const versions = () => view.list().map(({ metadata }) => metadata.resourceVersion);

describe('the view with own writes', () => {
  test('shows a created object before its event, and once after it', () => {
    view.wrote(at(5));
    expect(versions()).toEqual(['5']);
    informer.put(at(5));
    expect(versions()).toEqual(['5']);
    informer.remove(at(6));
    expect(versions()).toEqual([]);
  });

  test('compares versions as numbers: 10 is newer than 9', () => {
    informer.put(at(9));
    view.wrote(at(10));
    expect(versions()).toEqual(['10']);
    informer.put(at(11));
    expect(versions()).toEqual(['11']);
  });

  test('does not go back when the answer comes after its event', () => {
    informer.put(at(7));
    view.wrote(at(6));
    expect(versions()).toEqual(['7']);
  });

  test('hides an object whose delete was accepted, until the informer says that it is leaving', () => {
    informer.put(at(5));
    view.deleted(at(5));
    expect(view.get({ name: 'x' })).toBeUndefined();
    informer.put(at(6, { deletionTimestamp: 'now' }));
    expect(versions()).toEqual(['6']);
  });

  test('takes another object of the same name for what it is', () => {
    informer.put(at(5));
    view.deleted(at(5));
    informer.put(at(8, { uid: 'other' }));
    expect(versions()).toEqual(['8']);
  });

  test('stops believing a write whose event never comes', () => {
    view.wrote(at(5));
    nowMs = 10_001;
    expect(versions()).toEqual([]);
  });
});
