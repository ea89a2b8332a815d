import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { RecordsUnavailable, type NewAuditEntry, type RecordWrites } from '#ports/records.ts';

/** Records that can be read and, while they are away, not written. */
export class LeavingRecords extends MemoryRecordStore {
  away = false;
  override async change<Result>(
    entry: NewAuditEntry, act: (writes: RecordWrites) => Promise<Result>,
  ): Promise<Result> {
    if (this.away) throw new RecordsUnavailable('unreachable', 'away');
    return super.change(entry, act);
  }
}
