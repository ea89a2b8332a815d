/**
 * Put before a server with `--import` and `--expose-gc`: SIGUSR2 collects the whole heap at once, so that what is
 * read next is what lives, and not what waits for a collection.
 */
import process from 'node:process';

process.on('SIGUSR2', () => {
  if (globalThis.gc === undefined) throw new Error('collecting by signal needs --expose-gc');
  globalThis.gc();
});
