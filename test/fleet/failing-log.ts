import { WindowLogUnavailable, type WindowLog, type WindowLogFault } from '#ports/window-log.ts';

/** Logs that fail as a test says; they are asked only while they do not. */
export class FailingLog implements WindowLog {
  readonly inner: WindowLog;
  fault: WindowLogFault | 'silent' | undefined;
  asked = 0;

  constructor(inner: WindowLog) {
    this.inner = inner;
  }

  async call(...asked: Parameters<WindowLog['call']>): ReturnType<WindowLog['call']> {
    this.asked += 1;
    if (this.fault === 'silent') return new Promise(() => {});
    if (this.fault !== undefined) throw new WindowLogUnavailable(this.fault, 'as the test says');
    return this.inner.call(...asked);
  }

  async close(): Promise<void> {}
}
