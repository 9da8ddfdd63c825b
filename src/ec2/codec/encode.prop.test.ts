import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { must } from '../../base/assert.ts';
import { structOf } from '../../../test/arbitrary/shapes.ts';
import { naiveEncode } from '../../../test/vpc/naive-encoder.ts';
import { encoderOf } from './encode.ts';
import { keepText } from './kept-text.ts';
import type { Model, StructShape } from './model.ts';
import { EC2_MODEL, IAM_MODEL, STS_MODEL } from './services.ts';

const ROUNDS_PER_SHAPE = 3;

function encode(shape: StructShape, value: unknown): string {
  return encoderOf(shape)(value, (path) => {
    throw new Error(`Unknown member ${path}`);
  });
}

function outputsOf(model: Model): StructShape[] {
  return model.actionNames.flatMap((name) => model.action(name)?.output ?? []);
}

function shapeOf(action: string): StructShape {
  return must(EC2_MODEL.action(action)?.output, () => `${action} has no output`);
}

/** The value, and the members that it lacks as undefined or null, as views have them. */
function withHoles(shape: StructShape, value: object, hole: null | undefined): object {
  return { ...Object.fromEntries(shape.members.map(({ name }) => [name, hole])), ...value };
}

describe('compiled encoders', () => {
  test.each([
    ['EC2', EC2_MODEL, 700],
    ['STS', STS_MODEL, 8],
    ['IAM', IAM_MODEL, 90],
  ] as const)(
    'write what a plain walk over the model writes, for every output of %s',
    (_name, model, least) => {
      const shapes = outputsOf(model);
      expect(shapes.length).toBeGreaterThan(least);
      for (const shape of shapes) {
        const values = structOf(shape, { leastItems: 0 });
        if (values === undefined) continue;
        const property = fc.property(values, fc.constantFrom(null, undefined), (value, hole) => {
          const wanted = naiveEncode(shape, value as Record<string, unknown>);
          expect(encode(shape, value)).toBe(wanted);
          expect(encode(shape, withHoles(shape, value, hole))).toBe(wanted);
        });
        fc.assert(property, { numRuns: ROUNDS_PER_SHAPE });
      }
    },
  );

  test.each([
    ['at the top', { Vpcs: [], Typo: 1 }, ['DescribeVpcsResult.Typo']],
    ['in a list', { Vpcs: [{ VpcId: 'v' }, { VpcID: 'v' }] }, ['Vpc.VpcID']],
    ['beside known ones that are not set', { Vpcs: [{ VpcId: undefined, X: 0 }] }, ['Vpc.X']],
    ['twice', { Vpcs: [{ A: '', B: false }] }, ['Vpc.A', 'Vpc.B']],
    ['but not when it has no value', { Vpcs: [{ A: undefined, B: null }] }, []],
  ])('report a member that the model does not have %s', (_where, value, paths) => {
    const reported: string[] = [];
    encoderOf(shapeOf('DescribeVpcs'))(value, (path) => reported.push(path));
    expect(reported).toEqual(paths);
  });

  test('write texts that are not texts as such', () => {
    const value = { Vpcs: [{ VpcId: 7, IsDefault: true }] };
    expect(encode(shapeOf('DescribeVpcs'), value)).toBe(
      '<vpcSet><item><isDefault>true</isDefault><vpcId>7</vpcId></item></vpcSet>',
    );
  });
});

describe('a kept text', () => {
  const shape = shapeOf('DescribeVpcs');
  const list = (...Vpcs: object[]): string => encode(shape, { Vpcs });

  test('is made once', () => {
    let reads = 0;
    const vpc = Object.defineProperty({ VpcId: '' }, 'VpcId', {
      enumerable: true,
      get: () => `vpc-${(reads += 1)}`,
    });
    expect(list(vpc)).not.toBe(list(vpc));
    reads = 0;
    keepText(vpc);
    expect(list(vpc)).toBe('<vpcSet><item><vpcId>vpc-1</vpcId></item></vpcSet>');
    expect(list(vpc, vpc)).toBe(
      '<vpcSet><item><vpcId>vpc-1</vpcId></item><item><vpcId>vpc-1</vpcId></item></vpcSet>',
    );
    expect(reads).toBe(1);
  });

  test('stays behind when the value is copied', () => {
    const vpc = keepText({ VpcId: 'a' });
    const first = list(vpc);
    expect(list({ ...vpc, VpcId: 'b' })).toBe(first.replace('>a<', '>b<'));
    expect(Object.keys(vpc)).toEqual(['VpcId']);
    expect(JSON.stringify(vpc)).toBe('{"VpcId":"a"}');
  });

  test('belongs to one place of the model', () => {
    const tag = keepText({ Key: 'k', Value: 'v' });
    const described = encode(shapeOf('DescribeTags'), { Tags: [tag] });
    expect(described).toBe('<tagSet><item><key>k</key><value>v</value></item></tagSet>');
    const iam = must(IAM_MODEL.action('ListRoleTags')?.output, () => 'no ListRoleTags');
    const listed = encoderOf(iam)({ Tags: [tag] }, () => {});
    expect(listed).toBe('<Tags><member><Key>k</Key><Value>v</Value></member></Tags>');
    expect(encode(shapeOf('DescribeTags'), { Tags: [tag] })).toBe(described);
  });
});
