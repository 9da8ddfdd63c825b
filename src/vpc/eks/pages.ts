import { invalidParameter } from './errors.ts';

const MOST = 100;

/** What of a request says which page it wants. */
interface PageInput {
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

/** A page of names in their order; the token is the last name of the page before. */
export function pageOf(
  names: readonly string[],
  { maxResults = MOST, nextToken }: PageInput,
): { readonly items: string[]; readonly nextToken: string | undefined } {
  if (!Number.isInteger(maxResults) || maxResults < 1 || maxResults > MOST)
    throw invalidParameter(`maxResults must be between 1 and ${MOST}`);
  const after = nextToken === undefined ? '' : readToken(nextToken);
  const rest = names.toSorted().filter((name) => name > after);
  const items = rest.slice(0, maxResults);
  const more = rest.length > items.length;
  return { items, nextToken: more ? btoa(items.at(-1) ?? '') : undefined };
}

function readToken(token: string): string {
  try {
    return atob(token);
  } catch {
    throw invalidParameter('The nextToken is not valid');
  }
}
