import { embeddedWorld } from '../records/embedded-world.ts';
import { recordStoreContract } from './records.ts';

recordStoreContract('embedded', embeddedWorld);
