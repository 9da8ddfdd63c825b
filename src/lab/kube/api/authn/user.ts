/** Who sends a request. */
export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

/** The group of everybody who proved who they are. */
export const AUTHENTICATED = 'system:authenticated';

/** The API server itself, for what it does on its own account. */
export const SYSTEM: User = {
  name: 'system:apiserver',
  groups: ['system:masters', AUTHENTICATED],
};
