import { MemoryRecordStore } from '#adapters/memory/record-store.ts';
import { recordStoreContract } from './records.ts';

recordStoreContract('in memory', async () => ({ store: new MemoryRecordStore(), dispose: async () => {} }));
