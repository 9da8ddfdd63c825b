import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { AUTHENTICATED, type User } from './user.ts';
import type { Tokens } from './tokens.ts';

/**
 * The sender of a request: by bearer token, else by client certificate (common name = user,
 * organisations = groups). Undefined: nobody, to be answered with 401. There is no authorisation
 * beyond this: everybody who is somebody may do everything in the lab.
 */
export function authenticate(request: IncomingMessage, tokens: Tokens): User | undefined {
  const user = byToken(request, tokens) ?? byCertificate(request.socket as TLSSocket);
  if (user === undefined) return undefined;
  return { name: user.name, groups: [...new Set([...user.groups, AUTHENTICATED])] };
}

function byToken(request: IncomingMessage, tokens: Tokens): User | undefined {
  const token = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  return token === undefined ? undefined : tokens.verify(token);
}

function byCertificate(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject as
    | { CN?: string | string[]; O?: string | string[] }
    | undefined;
  if (subject?.CN === undefined) return undefined;
  return { name: [subject.CN].flat()[0] ?? '', groups: [subject.O ?? []].flat() };
}
