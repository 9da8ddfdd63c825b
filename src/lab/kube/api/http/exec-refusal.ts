import { ApiError } from '../status.ts';
import type { ResourceRequest } from './subresources.ts';

/** Answers exec, attach and port-forward requests that are no websocket upgrade. */
export function serveExecWithoutUpgrade({ call, exchange }: ResourceRequest): Promise<void> {
  const wanted = exchange.request.headers['upgrade'] ?? '';
  const message =
    call.subresource !== 'portforward'
      ? `pods/${call.subresource} is served over websockets only (v5.channel.k8s.io or v4.channel.k8s.io), not ` +
        `"${wanted || 'plain HTTP'}"; kubectl 1.30 and later use them by default`
      : `pods/${call.subresource} is not available in the lab`;
  return Promise.reject(new ApiError(400, 'BadRequest', message));
}
