import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { windowLogContract } from './window-log.ts';
import { windowRepairContract } from './window-repair.ts';

windowLogContract('in memory', async (entriesPerLogMax) => new MemoryWindowLog(entriesPerLogMax));

windowRepairContract('in memory', async (entriesPerLogMax) => {
  const log = new MemoryWindowLog(entriesPerLogMax);
  return { log, lose: async () => { log.lose((_, { length }) => length); } };
});
