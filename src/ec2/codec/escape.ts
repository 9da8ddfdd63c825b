// oxlint-disable-next-line no-control-regex
const SPECIAL = /[&<>"\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g;
const HAS_SPECIAL = new RegExp(SPECIAL.source);
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** Text as XML character data. What XML cannot carry at all becomes U+FFFD. */
export function escapeXml(text: string): string {
  // Nearly all texts are plain, and to find that out costs half of what replacing does.
  if (!HAS_SPECIAL.test(text)) return text;
  return text.replace(SPECIAL, (character) => ESCAPES[character] ?? '\ufffd');
}
