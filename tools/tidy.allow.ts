/** Files that may exceed the size limit, each with its reason. This list may only shrink. */
export const LONG_FILES: Readonly<Record<string, string>> = {};
