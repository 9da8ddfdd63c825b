/** The value below which `percent` of the samples lie (nearest rank). */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1] ?? Number.NaN;
}

/** p50, p90 and the largest sample, as text in milliseconds. */
export function summary(samples: readonly number[]): Readonly<Record<string, string>> {
  const ms = (value: number): string => `${value.toFixed(2)} ms`;
  return {
    p50: ms(percentile(samples, 50)),
    p90: ms(percentile(samples, 90)),
    max: ms(percentile(samples, 100)),
  };
}
