import { describe, expect, test } from 'vitest';
import type { Member, Shape } from '../../ec2/codec/model.ts';
import { EC2_MODEL } from '../../ec2/codec/services.ts';
import { EC2_ACTIONS } from '../actions/table.ts';
import { resourceRows, valuesAt } from './ec2-resources.ts';

/** Changing actions that AWS does not tie to any resource either. */
const WITHOUT_RESOURCE = /^(Describe|Get|Search)/;

describe('the table of resources', () => {
  test('has every implemented action that changes something', () => {
    const missing = Object.keys(EC2_ACTIONS).filter(
      (action) => !WITHOUT_RESOURCE.test(action) && resourceRows(action) === undefined,
    );
    expect(missing).toEqual([]);
  });

  test('names members that the requests have', () => {
    const wrong = EC2_MODEL.actionNames.flatMap((action) =>
      (resourceRows(action) ?? []).flatMap((row) =>
        row.kind === 'new' || leads(EC2_MODEL.action(action)?.input, row.path)
          ? []
          : [`${action}.${row.path.join('.')}`],
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('walks lists and skips what is absent', () => {
    const input = { A: [{ B: ['x', 'y'] }, {}, { B: ['z'] }], C: '' };
    expect(valuesAt(input, ['A', 'B'])).toEqual(['x', 'y', 'z']);
    expect(valuesAt(input, ['C'])).toEqual([]);
    expect(valuesAt(input, ['A', 'D', 'E'])).toEqual([]);
  });
});

function leads(shape: Shape | undefined, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  if (typeof shape !== 'object') return false;
  if (shape.kind === 'list') return leads(shape.item(), [name, ...rest]);
  const member: Member | undefined = shape.kind === 'struct' ? shape.byName.get(name) : undefined;
  return member !== undefined && leads(member.shape(), rest);
}
