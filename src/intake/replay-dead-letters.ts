/**
 * Dead letters sent again: to the topic they came from, as they came, in the order in which they came.
 *
 * Nothing counts twice, for an id is decided once. But what is sent again stands behind all that has come
 * meanwhile; so a letter whose key has gone on is sent only where that is asked for.
 */
import type { Topic, TopicPlace } from '#ports/topic.ts';
import { readDeadLetter, type DeadLetter } from './dead-letter.ts';

/**
 * `waiting`: may be sent again. `overtaken`: later records of its key came, and how many. `sent`: it was sent
 * again before. `left_out`: its bytes were too many to be kept twice.
 */
export interface LetterState {
  readonly letter: DeadLetter;
  readonly state: 'waiting' | 'overtaken' | 'sent' | 'left_out';
  readonly later: number;
}

/** The header of a letter that was sent again says which it is; and so does a record behind it among them. */
const REPLAY_OF = 'replay-of';

type Read = Pick<Topic, 'read' | 'ends'>;

const placed = ({ partition, offset }: TopicPlace): string => `${partition}:${offset}`;

/** Of each record that lies among the dead letters, in the order in which they came; one of each record. */
export async function letterStates(dead: Read, transactions: Read): Promise<readonly LetterState[]> {
  const letters = new Map<string, DeadLetter>();
  const sent = new Set<string>();
  for await (const written of dead.read([])) {
    const replayOf = written.headers[REPLAY_OF];
    if (replayOf !== undefined) {
      sent.add(Buffer.from(replayOf).toString());
      continue;
    }
    const letter = readDeadLetter(written);
    // A member that died between putting it aside and its commit has left two.
    if (!letters.has(placed(letter.from))) letters.set(placed(letter.from), letter);
  }
  const isSent = ({ place }: DeadLetter): boolean => sent.has(placed(place));
  const ordered = [...letters.values()].toSorted(byPlace);
  const later = await laterOfTheirKeys(ordered.filter((one) => !isSent(one)), transactions);
  return ordered.map((letter) => {
    const behind = later.get(letter) ?? 0;
    if (isSent(letter)) return { letter, state: 'sent', later: behind };
    if (letter.leftOutBytes > 0) return { letter, state: 'left_out', later: behind };
    return { letter, state: behind > 0 ? 'overtaken' : 'waiting', later: behind };
  });
}

/** Sends those that wait, and those that were overtaken where it is asked for; resolves what it sent. */
export async function replayDeadLetters(
  dead: Read & Pick<Topic, 'append'>, transactions: Read & Pick<Topic, 'append'>,
  { overtaken }: { readonly overtaken: boolean },
): Promise<readonly LetterState[]> {
  const sent: LetterState[] = [];
  for (const one of await letterStates(dead, transactions)) {
    if (one.state !== 'waiting' && !(overtaken && one.state === 'overtaken')) continue;
    const { original, place } = one.letter;
    const replayOf = { [REPLAY_OF]: Buffer.from(placed(place)) };
    await transactions.append({ ...original, headers: { ...original.headers, ...replayOf } });
    // Where this is not reached it is sent twice, and decided once.
    await dead.append({ key: original.key, value: NONE, headers: replayOf });
    sent.push(one);
  }
  return sent;
}

const NONE = new Uint8Array(0);

function byPlace({ from: a }: DeadLetter, { from: b }: DeadLetter): number {
  return a.partition - b.partition || a.offset - b.offset;
}

/** One reading of their partitions, from the first of the letters on. */
async function laterOfTheirKeys(
  letters: readonly DeadLetter[], transactions: Read,
): Promise<ReadonlyMap<DeadLetter, number>> {
  const later = new Map<DeadLetter, number>();
  // Who gives no key asks for no order.
  const keyed = letters.filter(({ original }) => original.key !== '');
  const byKey = Map.groupBy(keyed, ({ original }) => original.key);
  if (byKey.size === 0) return later;
  const own = new Set(letters.map(({ from }) => placed(from)));
  const from = (await transactions.ends()).map((end, partition) => Math.min(end,
    ...letters.filter((one) => one.from.partition === partition).map((one) => one.from.offset)));
  for await (const { key, place, headers } of transactions.read(from)) {
    // Other letters of the key have not been decided.
    if (headers[REPLAY_OF] !== undefined || own.has(placed(place))) continue;
    for (const letter of byKey.get(key) ?? []) {
      const isLater = letter.from.partition === place.partition && letter.from.offset < place.offset;
      if (isLater) later.set(letter, (later.get(letter) ?? 0) + 1);
    }
  }
  return later;
}
