/** RFC 3339 in whole seconds, as metav1.Time is written. */
export function timestampOf(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`;
}
