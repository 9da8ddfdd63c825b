const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * Reads a Kubernetes quantity ("250m", "1Gi", "2e3") as a number of thousandths, rounded up, so
 * that sums of CPU shares are exact. Text that is no quantity counts as 0: the API server refuses
 * such objects, and a scheduler must not stop over one.
 */
export function quantityMilli(text: string | number | undefined): number {
  const match = /^([+-]?[\d.]+)(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/.exec(
    String(text ?? ''),
  );
  if (!match) return 0;
  const [, digits, exponent = '', suffix = ''] = match;
  const milli = Number(`${digits}${exponent}`) * (SUFFIXES[suffix] ?? 0) * 1000;
  // A thousandth has no fraction: undo the binary error of the product before rounding up.
  return Number.isFinite(milli) ? Math.ceil(Number(milli.toPrecision(15))) : 0;
}
