/** The embedded engine: the local log, windows and snapshots of one data folder, wired. */
import { openDecisionLog, type LogReport } from '#adapters/log-files/decision-log-open.ts';
import { LocalSnapshots, type LocalSnapshotsParts } from '#adapters/log-files/local-snapshots.ts';
import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { Engine, type EngineNews } from '#decisioning/engine.ts';
import type { Publication } from '#decisioning/publication.ts';
import { eventSchema } from '#domain/field.ts';
import type { Clock } from '#ports/clock.ts';
import type { Disk } from '#ports/disk.ts';

export interface EmbeddedParts {
  readonly disk: Disk;
  /** Data folder: `log` and `snapshots` are in it. */
  readonly folder: string;
  readonly clock: Clock;
  readonly publication: Publication;
  /** `first`: only where nothing is live yet. Default: whenever it differs from what is live. */
  readonly publish?: 'changed' | 'first';
  /** Told what the log looked like, once. */
  readonly onLog?: (report: LogReport) => void;
  readonly tell?: (news: EngineNews) => void;
  readonly segmentBytesMax?: number;
  readonly commitGapMs?: number;
}

export const logFolder = (folder: string): string => `${folder}/log`;
export const snapshotFolder = (folder: string): string => `${folder}/snapshots`;

/** What the log of a data folder is opened with. */
export const logPlaces = (folder: string): { readonly folder: string; readonly snapshots: string } =>
  ({ folder: logFolder(folder), snapshots: snapshotFolder(folder) });

/** The snapshots of a data folder; `opened` is the one that its log was opened with. */
export const snapshotsIn = (
  folder: string, parts: Pick<LocalSnapshotsParts, 'disk' | 'log' | 'opened'>,
): LocalSnapshots =>
  new LocalSnapshots({ ...parts, folder: snapshotFolder(folder), logFolder: logFolder(folder) });

export async function openEmbedded(parts: EmbeddedParts): Promise<Engine> {
  const { disk, folder, clock, publication, publish, onLog, tell, segmentBytesMax, commitGapMs } = parts;
  const { log, report, snapshot } = await openDecisionLog(disk, {
    ...logPlaces(folder), clock,
    ...(segmentBytesMax === undefined ? {} : { segmentBytesMax }),
    ...(commitGapMs === undefined ? {} : { commitGapMs }),
  });
  onLog?.(report);
  const schema = eventSchema(publication.custom);
  const snapshots = snapshotsIn(folder, { disk, log, opened: snapshot });
  const newWindowStore = (): LocalWindowStore => new LocalWindowStore(schema);
  try {
    return await Engine.open(
      { log, clock, snapshots, schema, newWindowStore, ...(tell === undefined ? {} : { tell }) },
      publication, publish);
  } catch (error) {
    await log.close();
    throw error;
  }
}
