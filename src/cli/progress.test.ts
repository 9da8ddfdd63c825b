import { describe, expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../base/clock.fake.ts';
import { createProgressView, type ProgressView } from './progress.ts';

interface Stage {
  readonly clock: FakeClock;
  readonly view: ProgressView;
  readonly written: () => string;
}

function stage(live: boolean): Stage {
  const clock = createFakeClock();
  let text = '';
  const terminal = { write: (part: string) => void (text += part), live };
  const view = createProgressView({ terminal, clock, beganMs: clock.nowMs() - 1500 });
  return { clock, view, written: () => text };
}

/** What a terminal shows after it was written to: a carriage return and clear starts the line anew. */
function screen(text: string): string[] {
  return text.split('\n').map((line) => line.split('\r\u001B[2K').at(-1) ?? '');
}

describe('progress without a terminal', () => {
  test('is one plain line per step as it begins, with seconds since the command began', async () => {
    const { clock, view, written } = stage(false);
    view.report({ kind: 'step', text: 'Kubernetes API' });
    await clock.advance(800);
    view.report({ kind: 'step', text: 'VPC API' });
    view.report({ kind: 'note', text: 'no 802.1q: link driver veth' });
    view.report({ kind: 'output', text: 'table' });
    view.report({ kind: 'ready', text: 'Up' });
    view.end();
    expect(written()).toBe(
      '  1.5s … Kubernetes API\n  2.3s … VPC API\n' +
        '  2.3s · no 802.1q: link driver veth\ntable\n  2.3s ✓ Up\n',
    );
    expect(clock.sleepers).toBe(0);
  });
});

describe('progress on a terminal', () => {
  test('is one moving line that becomes a finished one', async () => {
    const { clock, view, written } = stage(true);
    view.report({ kind: 'step', text: 'Kubernetes API' });
    await clock.advance(500);
    expect(screen(written())).toHaveLength(1);
    expect(screen(written())[0]).toMatch(/^ {2}2\.0s . Kubernetes API$/u);
    view.report({ kind: 'step', text: 'VPC API' });
    view.report({ kind: 'note', text: 'a note' });
    view.report({ kind: 'ready', text: 'Up' });
    expect(screen(written())).toEqual([
      '  2.0s ✓ Kubernetes API',
      '  2.0s · a note',
      '  2.0s ✓ VPC API',
      '  2.0s ✓ Up',
      '',
    ]);
    view.end();
  });

  test('marks the step that failed', () => {
    const { view, written } = stage(true);
    view.report({ kind: 'step', text: 'Starting nodes' });
    view.report({ kind: 'failed', text: 'No memory' });
    view.end();
    expect(screen(written())).toEqual(['  1.5s ✗ Starting nodes', '  1.5s ✗ No memory', '']);
  });

  test('stands still after the end', async () => {
    const { clock, view, written } = stage(true);
    view.report({ kind: 'step', text: 'One' });
    view.end();
    const before = written();
    await clock.advance(5000);
    expect(written()).toBe(before);
  });
});
