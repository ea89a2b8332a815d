/** A worker thread that reads long bodies with entries of lists, and hands them over piece by piece. */
import { isRefusal } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { ListChangeOrder } from '#lifecycle/list-changes.ts';
import type { ListUpload } from '#lifecycle/parts.ts';
import { answerQuestions } from './answer-questions.ts';
import { readListUpload } from './read-list-upload.ts';

export type ListQuestion =
  | { readonly kind: 'read'; readonly upload: ListUpload }
  /** The next entries of a body that was read; it is forgotten with the last ones. */
  | { readonly kind: 'next'; readonly read: number };

/** Without entries, which are asked for. */
export type ListHead = Pick<ListChangeOrder, 'list' | 'kind' | 'reason'> & { readonly read: number };
export type ListPiece = Pick<ListChangeOrder, 'add' | 'remove'> & { readonly isLast: boolean };
export type ListAnswer = Refusal | ListHead | ListPiece;

/** A millisecond of the thread that gets them. */
const PIECE_ENTRIES = 500;

const kept = new Map<number, { readonly order: ListChangeOrder; from: number }>();

function answer(question: ListQuestion, id: number): ListAnswer {
  if (question.kind === 'read') {
    const order = readListUpload(question.upload);
    if (isRefusal(order)) return order;
    kept.set(id, { order, from: 0 });
    return { list: order.list, kind: order.kind, reason: order.reason, read: id };
  }
  const one = kept.get(question.read);
  if (one === undefined) throw new Error('the thread that read the list has ended; send it again');
  const { order, from } = one;
  const to = one.from += PIECE_ENTRIES;
  const isLast = to >= Math.max(order.add.length, order.remove.length);
  if (isLast) kept.delete(question.read);
  return { add: order.add.slice(from, to), remove: order.remove.slice(from, to), isLast };
}

answerQuestions<ListQuestion, ListAnswer>(answer);
