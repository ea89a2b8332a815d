/** Bodies with entries of lists: short ones are read at once, long ones beside the deciding thread. */
import { isRefusal } from '#domain/parse-event.ts';
import type { ListReader } from '#lifecycle/parts.ts';
import type { ListEntry } from '#policy/lists.ts';
import { askingThread } from './asking-thread.ts';
import type { ListAnswer, ListQuestion } from './list-worker.ts';
import { readListUpload } from './read-list-upload.ts';

/** Read in a millisecond or two. */
const READ_AT_ONCE_BYTES_MAX = 32_768;

export interface ListReading { readonly read: ListReader; stop(): Promise<void> }

export function listReader(): ListReading {
  const script = new URL('./list-worker.ts', import.meta.url);
  const thread = askingThread<ListQuestion, ListAnswer>(script, undefined, 'list reading');
  return {
    async read(upload) {
      if (upload.bytes.length <= READ_AT_ONCE_BYTES_MAX) return readListUpload(upload);
      const head = await thread.ask({ kind: 'read', upload });
      if (isRefusal(head)) return head;
      if (!('read' in head)) throw new TypeError('a list is read before its pieces are asked for');
      const { read, ...order } = head;
      const add: ListEntry[] = [];
      const remove: (string | number)[] = [];
      for (;;) {
        const piece = await thread.ask({ kind: 'next', read });
        if (!('isLast' in piece)) throw new TypeError('a piece of a list has entries');
        for (const entry of piece.add) add.push(entry);
        for (const value of piece.remove) remove.push(value);
        if (piece.isLast) return { ...order, add, remove };
      }
    },
    stop: () => thread.stop(),
  };
}
