import type { Clock } from '../base/clock.ts';
import type { LabProgress } from './lab-port.ts';

/** Where progress goes. */
export interface ProgressTerminal {
  write(text: string): void;
  /** Whether lines can be rewritten in place. */
  readonly live: boolean;
}

/** How progress is shown. */
export interface ProgressOptions {
  readonly terminal: ProgressTerminal;
  readonly clock: Clock;
  /** Wall-clock time at which the command began; elapsed seconds count from there. */
  readonly beganMs: number;
}

/** A display of what is going on. */
export interface ProgressView {
  report(progress: LabProgress): void;
  /** Ends the running step and stops the animation. */
  end(): void;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;
const CLEAR_LINE = '\r\u001B[2K';

/**
 * Shows steps with elapsed seconds. On a terminal the running step is one line that moves; elsewhere
 * every step is one plain line as it begins.
 */
export function createProgressView({ terminal, clock, beganMs }: ProgressOptions): ProgressView {
  let running: string | undefined;
  let frame = 0;
  const stop = new AbortController();
  const elapsed = (): string =>
    `${Math.max(0, (clock.nowMs() - beganMs) / 1000).toFixed(1)}s`.padStart(6);

  const draw = (): void => {
    if (running === undefined) return;
    terminal.write(`${CLEAR_LINE}${elapsed()} ${FRAMES[frame % FRAMES.length]} ${running}`);
  };
  const line = (mark: string, text: string): void => {
    terminal.write(`${terminal.live ? CLEAR_LINE : ''}${elapsed()} ${mark} ${text}\n`);
  };
  const finishStep = (mark: string): void => {
    if (terminal.live && running !== undefined) line(mark, running);
    running = undefined;
  };
  const animate = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      draw();
      frame += 1;
      await clock.sleep(FRAME_MS, stop.signal);
    }
  };
  if (terminal.live) animate().catch(() => undefined);

  const begin = (text: string): void => {
    finishStep('✓');
    running = text;
    if (terminal.live) draw();
    else line('…', text);
  };
  return {
    report: (progress) => {
      switch (progress.kind) {
        case 'step':
          begin(progress.text);
          return;
        case 'note':
          line('·', progress.text);
          return;
        case 'output':
          terminal.write(
            `${terminal.live ? CLEAR_LINE : ''}${progress.text.replace(/\n?$/, '\n')}`,
          );
          return;
        case 'ready':
          finishStep('✓');
          line('✓', progress.text);
          return;
        case 'failed':
          finishStep('✗');
          line('✗', progress.text);
      }
    },
    end: () => {
      finishStep('✓');
      stop.abort(new Error('The display has ended'));
    },
  };
}
