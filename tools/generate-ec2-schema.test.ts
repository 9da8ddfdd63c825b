import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  buildModel,
  modelPath,
  type GeneratedModel,
  type SERVICES,
} from './generate-ec2-schema.ts';

const MAX_MODEL_BYTES = 1_000_000;

describe.each(['ec2', 'sts', 'iam', 'eks'] satisfies (keyof typeof SERVICES)[])(
  'the checked-in %s model',
  (service) => {
    const text = readFileSync(modelPath(service), 'utf8');
    const checkedIn = JSON.parse(text) as GeneratedModel;
    const fresh = buildModel(service);

    test('is the one that the installed SDK gives (else run tools/generate-ec2-schema.ts)', () => {
      expect(checkedIn.sdkVersion).toBe(fresh.sdkVersion);
      expect(checkedIn.checksum).toBe(fresh.checksum);
      expect(checkedIn).toEqual(fresh);
    });

    test('stays small', () => {
      expect(text.length).toBeLessThan(MAX_MODEL_BYTES);
    });
  },
);

/** Types that a line of a shape names. */
function typesOf(line: string): string[] {
  const [kind, , ...rest] = line.split(' ');
  if (kind === 'L') return rest.slice(0, 1);
  if (kind === 'M') return rest;
  return rest.slice(1).map((member) => member.split(':')[1] ?? '');
}

test.each(['ec2', 'iam', 'eks'] as const)(
  '%s shapes refer only to shapes that exist',
  (service) => {
    const { shapes, actions } = buildModel(service);
    const roots = actions.flatMap((line) => line.split(' ').slice(1, 3));
    const references = [...shapes.flatMap(typesOf), ...roots];
    const bad = references.filter(
      (type) => !/^[snbtx-]$/.test(type) && !(Number(type) < shapes.length),
    );
    expect(bad).toEqual([]);
  },
);
