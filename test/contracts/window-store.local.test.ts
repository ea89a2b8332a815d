import { LocalWindowStore } from '#adapters/window-arrays/window-store.ts';
import { windowStoreContract } from './window-store.ts';

windowStoreContract('local', (schema, retentionMs) => new LocalWindowStore(schema, { retentionMs }));
