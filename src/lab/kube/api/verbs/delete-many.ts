import type { Api, Call } from '../api.ts';
import type { ApiObject } from '../object.ts';
import { ApiError } from '../status.ts';
import { deleteObject, type DeleteOptions } from './delete.ts';
import { listPage, type Page } from './read.ts';

/** Deletes every selected object of a collection; answers the page as it was. */
export async function deleteMany(
  api: Api,
  call: Call,
  { options, query }: { readonly options: DeleteOptions; readonly query: URLSearchParams },
): Promise<Page> {
  const page = listPage(api, call, query);
  for (const { metadata } of page.items) {
    const one = { ...call, name: metadata.name, namespace: metadata.namespace ?? '' };
    await deleteIfPresent(api, one, options);
  }
  return page;
}

/** Deletes an object; one that is already gone is no failure. */
export async function deleteIfPresent(
  api: Api,
  call: Call,
  options: DeleteOptions,
): Promise<ApiObject | undefined> {
  try {
    return (await deleteObject(api, call, options)).object;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}
