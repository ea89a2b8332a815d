/** What a body says is to change in a list: JSON, or a CSV file with the rest in the address. */
import { readBody } from '#api/lifecycle-body.ts';
import { formatInstant } from '#domain/instant.ts';
import { LIMITS } from '#domain/limits.ts';
import { isRefusal } from '#domain/parse-event.ts';
import type { Refusal } from '#domain/refusal.ts';
import type { ListChangeOrder } from '#lifecycle/list-changes.ts';
import type { ListUpload } from '#lifecycle/parts.ts';
import { refuse, refuseAll } from '#lifecycle/refuse.ts';
import { readList } from './read-list.ts';

/** Pure, and as long as the body: a long one is read in a thread beside. */
export const readListUpload = (upload: ListUpload): ListChangeOrder | Refusal =>
  (upload.csv === undefined ? jsonOrder(upload) : csvOrder(upload, upload.csv));

function jsonOrder({ list, bytes }: ListUpload): ListChangeOrder | Refusal {
  const body = readBody(bytes, ['kind', 'add', 'remove', 'reason']);
  if (isRefusal(body)) return body;
  const add = body.maps('add', ['value', 'from', 'until', 'note']).map((entry) => {
    const { value } = entry.all;
    const read = {
      value: typeof value === 'number' ? value : entry.text('value'),
      ...(entry.has('from') ? { from: formatInstant(entry.instant('from')) } : {}),
      ...(entry.has('until') ? { until: formatInstant(entry.instant('until')) } : {}),
      ...(entry.has('note') ? { note: entry.text('note', LIMITS.listNoteCharsMax) } : {}),
    };
    body.take(entry);
    return read;
  });
  const order = {
    list, kind: body.word('kind', ['replace', 'amend'], 'amend'), add, remove: body.values('remove'),
    reason: body.text('reason'),
  };
  return body.refused ?? order;
}

function csvOrder(
  { list, bytes }: ListUpload, { kind = 'replace', reason }: NonNullable<ListUpload['csv']>,
): ListChangeOrder | Refusal {
  if (kind !== 'replace' && kind !== 'amend') return refuse('bad_request', '`kind` is replace or amend');
  if (reason === undefined || reason.trim() === '' || reason.length > LIMITS.textCharsMax) {
    return refuse('bad_request', `\`reason\` says why, in at most ${LIMITS.textCharsMax} characters`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('invalid', 'the file is not UTF-8', '');
  }
  const problems: string[] = [];
  const { entries } = readList(text, `${list}.csv`, problems);
  return problems.length === 0 ? { list, kind, add: entries, remove: [], reason }
    : refuseAll('invalid', problems.map((detail) => ({ pointer: '', detail })));
}
