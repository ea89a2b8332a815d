import { MemoryWindowLog } from '#adapters/memory/window-log.ts';
import { windowLogContract } from './window-log.ts';

windowLogContract('in memory', async (entriesPerLogMax) => new MemoryWindowLog(entriesPerLogMax));
