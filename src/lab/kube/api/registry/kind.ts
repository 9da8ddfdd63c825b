import type { Clock } from '../../../../base/clock.ts';
import type { Random } from '../../../../base/random.ts';
import type { ApiObject } from '../object.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import type { FieldProblem } from '../status.ts';
import type { Store } from '../store/store.ts';

/** What a client may do with a resource, as discovery lists it. */
export type Verb =
  | 'create'
  | 'delete'
  | 'deletecollection'
  | 'get'
  | 'list'
  | 'patch'
  | 'update'
  | 'watch';

/** The verbs of an ordinary resource. */
export const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** What the rules of a kind may use besides the object. */
export interface BehaviourContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

/** The rules of one kind. All are optional; they run in the order in which they are listed. */
export interface Behaviour {
  /** Fills in defaults, in place; must change nothing when run again. */
  defaults?(object: ApiObject): void;
  /** Last changes before a new object is validated, such as clearing the status. */
  prepareCreate?(object: ApiObject, context: BehaviourContext): void;
  prepareUpdate?(object: ApiObject, before: ApiObject, context: BehaviourContext): void;
  /** Problems of a new object, or of a changed one when `before` is given. */
  validate?(object: ApiObject, before?: ApiObject): FieldProblem[];
}

/** Where a custom resource keeps its scale. */
export interface ScalePaths {
  readonly specReplicas: readonly string[];
  readonly statusReplicas: readonly string[];
  readonly selector?: readonly string[];
}

/** A column of `kubectl get` that a CRD declares. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly jsonPath: string;
  readonly priority?: number;
}

/** What only kinds of CRDs have. */
export interface CustomKind {
  readonly crdName: string;
  readonly columns: readonly PrinterColumn[];
  readonly selectableFields: readonly string[];
}

/** One served resource: a kind in one version of its group. */
export interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly listKind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  /** The store's name of the resource, shared by all its versions. */
  readonly storage: string;
  readonly statusSubresource: boolean;
  readonly scale?: ScalePaths;
  /** Other subresources that discovery lists, such as `log`. */
  readonly subresources: readonly string[];
  /** Whether metadata.generation counts changes of the specification. */
  readonly countsGenerations: boolean;
  /** The schema of the whole object; for built-in kinds it may hold references. */
  readonly schema: JsonSchema;
  /** Name of the built-in type, such as `core.v1.Pod`. */
  readonly typeName?: string;
  readonly custom?: CustomKind;
  readonly behaviour: Behaviour;
  /** Between the served form and the stored one, where they differ. */
  readonly toStored?: (object: ApiObject) => ApiObject;
  readonly toServed?: (object: ApiObject) => ApiObject;
}

/** `v1` or `group/version`. */
export function apiVersionOf(kind: Pick<Kind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}
