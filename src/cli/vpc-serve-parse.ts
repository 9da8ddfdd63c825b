import { InvalidArgumentError } from 'commander';

/** Where to listen. */
export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** An access key. */
export interface GivenKey {
  readonly id: string;
  readonly secret: string;
}

/** `HOST:PORT`, with IPv6 addresses in brackets. */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw new InvalidArgumentError('Expected HOST:PORT, such as 127.0.0.1:4566 or [::1]:4566.');
  return { host: match[1] ?? match[2] ?? '', port };
}

/** `NAME=NUMBER`, added to those before. */
export function parseQuota(
  text: string,
  before: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const match = /^([A-Za-z]\w*)=(\d{1,9})$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError('Expected NAME=NUMBER, such as vpcsPerRegion=50.');
  return { ...before, [match[1] ?? '']: Number(match[2]) };
}

/** The 12 digits of an account. */
export function parseAccount(text: string): string {
  if (/^\d{12}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected 12 digits, such as 123456789012.');
}

/** `ID:SECRET`; the secret may have colons. */
export function parseKey(text: string): GivenKey {
  const match = /^(\w{4,128}):(.+)$/.exec(text);
  if (match === null)
    throw new InvalidArgumentError('Expected ID:SECRET; the id has 4 to 128 letters and digits.');
  return { id: match[1] ?? '', secret: match[2] ?? '' };
}

/** A base URL of http or https. */
export function parseUrl(text: string): string {
  const protocol = URL.parse(text)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return text.replace(/\/$/, '');
  throw new InvalidArgumentError('Expected a URL, such as https://10.0.0.5:4566.');
}

/** An issuer of tokens, and the file of its keys; without one they are fetched from it. */
export interface GivenIssuer {
  readonly url: string;
  readonly keysFile: string | undefined;
}

/** `URL` or `URL=FILE`, added to those before. */
export function parseIssuer(text: string, before: readonly GivenIssuer[]): readonly GivenIssuer[] {
  const at = text.indexOf('=');
  const url = at < 0 ? text : text.slice(0, at);
  const keysFile = at < 0 ? undefined : text.slice(at + 1);
  const protocol = URL.parse(url)?.protocol;
  if ((protocol !== 'https:' && protocol !== 'http:') || keysFile === '')
    throw new InvalidArgumentError('Expected URL or URL=FILE, such as https://oidc.me=jwks.json.');
  return [...before, { url, keysFile }];
}

/** Whole seconds from 1 to an hour. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('Expected whole seconds from 1 to 3600.');
}
