import type { LogName, WindowLog } from '#ports/window-log.ts';
import type { SharedWindows } from './shared-windows.ts';

/** Id of what is only read: no entry has it. */
const NOBODY = '0'.repeat(32);

/** Enters what others appended to these logs meanwhile. Rejects with WindowLogUnavailable. */
export async function caughtUp(
  log: WindowLog, windows: SharedWindows, names: readonly LogName[],
): Promise<void> {
  const answers = await log.call(names.map((name) =>
    ({ name, known: windows.known(name), id: NOBODY, bytes: undefined })));
  for (const [i, answer] of answers.entries()) {
    if (answer.kind === 'read') windows.enter(names[i]!, answer.behind);
  }
}
