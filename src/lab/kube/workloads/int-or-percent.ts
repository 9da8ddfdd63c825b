/** Resolves a count or a percentage of `total`, rounding percentages up or down. */
export function resolveIntOrPercent(
  value: number | string,
  total: number,
  round: 'up' | 'down',
): number {
  const percent = /^(\d+)%$/.exec(String(value))?.[1];
  if (percent === undefined) return Math.max(0, Number(value) || 0);
  const exact = (Number(percent) * total) / 100;
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact);
}
