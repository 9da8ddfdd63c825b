/** What `find` finds, tried again until it finds something; on failure says what was waited for. */
export async function until<T>(
  what: string,
  find: () => Promise<T | undefined>,
  options: { readonly limitMs?: number; readonly explain?: () => string } = {},
): Promise<T> {
  const endMs = Date.now() + (options.limitMs ?? 60_000);
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`Not in time: ${what}\n${options.explain?.() ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
