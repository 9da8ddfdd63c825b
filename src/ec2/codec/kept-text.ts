/** Where a value keeps its text. */
const TEXT = Symbol('encoded text');

interface Kept {
  [TEXT]?: { readonly by: unknown; readonly text: string } | undefined;
}

/**
 * Marks a value that nobody changes any more: once a list of it was encoded, the text is kept with
 * the value, and dies with it. Copies of the value do not have it.
 */
export function keepText<T extends object>(value: T): T {
  return Object.defineProperty(value, TEXT, { writable: true, enumerable: false });
}

/** The text of an item of a list: the one that is kept, or else a new one. */
export function encodeKept<Report>(
  value: object,
  encode: (value: unknown, report: Report) => string,
  report: Report,
): string {
  const kept = (value as Kept)[TEXT];
  if (kept?.by === encode) return kept.text;
  const text = encode(value, report);
  if (Object.hasOwn(value, TEXT)) (value as Kept)[TEXT] = { by: encode, text: flat(text) };
  return text;
}

const ANY = /[^]/;

/** A search by regular expression makes the engine put the pieces of a text together. */
function flat(text: string): string {
  ANY.test(text);
  return text;
}
