/**
 * Snapshots in files beside the log. Each holds the log's own index and the state, of one and the same
 * position.
 */
import type { Disk } from '#ports/disk.ts';
import type { Snapshot, SnapshotStore } from '#ports/snapshot-store.ts';
import { fitsLog, loadPoint, LOG_SECTION } from './decision-log-checkpoint.ts';
import type { ChainPoint } from './segment-scan.ts';
import {
  latestSnapshot, newestSnapshotFile, writeSnapshot, type Snapshot as SnapshotFile,
} from './snapshot-file.ts';

const HEAD_SECTION = 'state';
const WINDOWS_SECTION = 'windows';
const FORMAT = 1;

interface Head { readonly format: typeof FORMAT; readonly layout: string; readonly publication: number }

/** The log, being written or only read: where it stands, and its indexes up to there. */
export interface SnapshotSource {
  mark(): Promise<ChainPoint>;
  checkpoint(point: ChainPoint): Iterable<Uint8Array>;
}

export interface LocalSnapshotsParts {
  readonly disk: Disk;
  readonly folder: string;
  readonly logFolder: string;
  readonly log: SnapshotSource;
  /** The snapshot that the log was opened with. */
  readonly opened: SnapshotFile | undefined;
}

export class LocalSnapshots implements SnapshotStore {
  readonly #parts: LocalSnapshotsParts;

  constructor(parts: LocalSnapshotsParts) {
    this.#parts = parts;
  }

  async latest(layout: string): Promise<Snapshot | undefined> {
    const newest = await this.#newest();
    if (newest === undefined) return undefined;
    const head = readHead(await collect(newest.section(HEAD_SECTION)));
    if (head?.layout !== layout) return undefined;
    const windows = await collect(newest.section(WINDOWS_SECTION));
    return { position: newest.position, publication: head.publication, windows };
  }

  /** Others have been written beside the log since it was opened, and the one from then may be gone. */
  async #newest(): Promise<SnapshotFile | undefined> {
    const { disk, folder, logFolder, opened } = this.#parts;
    if (opened?.file === await newestSnapshotFile(disk, folder)) return opened;
    const { snapshot } = await latestSnapshot(disk, folder, async (candidate) => {
      const point = await loadPoint(candidate.section(LOG_SECTION));
      const fits = point?.position === candidate.position && await fitsLog(disk, logFolder, { point });
      return fits ? undefined : 'is not of this log';
    });
    return snapshot;
  }

  async save(layout: string, snapshot: Snapshot): Promise<void> {
    const { disk, folder, log } = this.#parts;
    const point = await log.mark();
    if (point.position !== snapshot.position) {
      const [ofState, ofLog] = [snapshot.position, point.position];
      throw new RangeError(`a state of position ${ofState} does not fit a log of ${ofLog}`);
    }
    const head: Head = { format: FORMAT, layout, publication: snapshot.publication };
    await writeSnapshot(disk, folder, {
      position: point.position, chainHash: point.chain.toString('hex'), sections: [
        { name: LOG_SECTION, chunks: log.checkpoint(point) },
        { name: HEAD_SECTION, chunks: [Buffer.from(JSON.stringify(head))] },
        { name: WINDOWS_SECTION, chunks: snapshot.windows },
      ],
    });
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

function readHead(chunks: readonly Uint8Array[]): Head | undefined {
  if (chunks.length === 0) return undefined;
  const head = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Head;
  return head.format === FORMAT ? head : undefined;
}
