import * as v from 'valibot';
import type { KnobSettings } from './knobs.ts';

const Milliseconds = v.pipe(v.number(), v.minValue(0));
const Bucket = v.strictObject({
  size: v.pipe(v.number(), v.minValue(1)),
  perSecond: v.pipe(v.number(), v.minValue(0)),
});
const ErrorRule = v.strictObject({
  action: v.string(),
  code: v.string(),
  message: v.optional(v.string()),
  probability: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  times: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});
const Settings = v.strictObject({
  throttle: v.optional(v.union([v.literal('aws'), v.record(v.string(), Bucket)])),
  latencyMs: v.optional(v.record(v.string(), Milliseconds)),
  errors: v.optional(v.array(ErrorRule)),
  consistencyDelayMs: v.optional(Milliseconds),
});

/** Reads knobs from JSON text. Throws an Error that lists every problem. */
export function readKnobs(text: string): KnobSettings {
  const parsed = v.safeParse(Settings, JSON.parse(text));
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? '.'}: ${issue.message}`);
  throw new Error(`The knobs cannot be read: ${problems.join('; ')}`);
}
