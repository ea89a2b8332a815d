/** A write as a value, so that a journal can keep it and do it again. */
import type {
  ApprovalRecord, BacktestRunRecord, EvidenceRecord, ListChangeRecord, ListEntryRecord, PublicationRecord,
  SnoozeRecord, VersionRecord,
} from '#ports/records.ts';
import type { SqlWrites } from './sql-writes.ts';

/** The name of the write and what it was given. */
export type WriteCall =
  | readonly ['addVersion', VersionRecord]
  | readonly ['withdrawVersion', string, number]
  | readonly ['addEvidence', EvidenceRecord]
  | readonly ['addApproval', ApprovalRecord]
  | readonly ['addListChange', ListChangeRecord]
  | readonly ['addChangeEntries', string, boolean, number, readonly ListEntryRecord[]]
  | readonly ['setListChangeState', string, ListChangeRecord['state']]
  | readonly ['applyListChange', string]
  | readonly ['addSnooze', SnoozeRecord]
  | readonly ['setSnoozeState', string, SnoozeRecord['state']]
  | readonly ['putBacktestRun', BacktestRunRecord]
  | readonly ['addPublication', PublicationRecord];

/** Does it again. */
export function writeAgain(writes: SqlWrites, call: WriteCall): Promise<void> {
  switch (call[0]) {
    case 'addVersion': return writes.addVersion(call[1]);
    case 'withdrawVersion': return writes.withdrawVersion(call[1], call[2]);
    case 'addEvidence': return writes.addEvidence(call[1]);
    case 'addApproval': return writes.addApproval(call[1]);
    case 'addListChange': return writes.addListChange(call[1]);
    case 'addChangeEntries': return writes.addChangeEntries(call[1], call[2], call[3], call[4]);
    case 'setListChangeState': return writes.setListChangeState(call[1], call[2]);
    case 'applyListChange': return writes.applyListChange(call[1]);
    case 'addSnooze': return writes.addSnooze(call[1]);
    case 'setSnoozeState': return writes.setSnoozeState(call[1], call[2]);
    case 'putBacktestRun': return writes.putBacktestRun(call[1]);
    case 'addPublication': return writes.addPublication(call[1]);
    default: throw new TypeError(`there is no write ${String(call satisfies never)}`);
  }
}
