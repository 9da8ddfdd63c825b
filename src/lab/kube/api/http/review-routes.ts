import { virtualResources } from '../discovery/virtual.ts';
import { at, fieldsOf, type Fields } from '../../../../base/json.ts';
import { methodNotAllowed } from '../status.ts';
import { readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import type { ResourcePath } from './request-info.ts';
import { sendJson } from './respond.ts';

/** Answers the reviews that keep no object; false when the path is another resource. */
export async function serveReview(path: ResourcePath, exchange: Exchange): Promise<boolean> {
  const resource = virtualResources(path.group, path.version).find(
    ({ plural }) => plural === path.plural,
  );
  if (resource === undefined) return false;
  if (exchange.request.method !== 'POST') throw methodNotAllowed();
  const body = fieldsOf(await readBody(exchange.request));
  const status =
    resource.kind === 'SelfSubjectReview'
      ? { userInfo: { username: exchange.user.name, groups: exchange.user.groups } }
      : // Everybody who is authenticated may do everything in the lab.
        { allowed: true, reason: 'the lab allows everything to authenticated users' };
  sendJson(exchange.response, 201, reviewBody(resource, body, status));
  return true;
}

function reviewBody(
  { group, version, kind }: { group: string; version: string; kind: string },
  body: Fields,
  status: Fields,
): Fields {
  return {
    kind,
    apiVersion: `${group}/${version}`,
    metadata: { creationTimestamp: null },
    ...(at(body, 'spec') !== undefined && { spec: body['spec'] }),
    status,
  };
}
