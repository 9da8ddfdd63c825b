import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  buildModel,
  modelPath,
  type GeneratedModel,
  type SERVICES,
} from './generate-ec2-schema.ts';

const MAX_MODEL_BYTES = 1_000_000;

describe.each(['ec2', 'sts'] satisfies (keyof typeof SERVICES)[])(
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

test('shapes refer only to shapes that exist', () => {
  const { shapes, actions } = buildModel('ec2');
  const numbers = shapes.flatMap((line) =>
    line.startsWith('L ')
      ? [line.split(' ')[2] ?? '']
      : line
          .split(' ')
          .slice(3)
          .map((member) => member.split(':')[1] ?? ''),
  );
  const references = [...numbers, ...actions.flatMap((line) => line.split(' ').slice(1))];
  const bad = references.filter(
    (type) => !/^[snbtx-]$/.test(type) && !(Number(type) < shapes.length),
  );
  expect(bad).toEqual([]);
});
