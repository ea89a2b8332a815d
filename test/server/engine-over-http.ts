/** The engine on a real disk behind the real server, in this process: so that a test can publish on it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeDisk } from '#adapters/log-files/node-disk.ts';
import { openKeyStore } from '#adapters/key-file/key-store.ts';
import { requestLog } from '#api/request-log.ts';
import { buildServer } from '#api/server.ts';
import type { Engine } from '#decisioning/engine.ts';
import type { Publication } from '#decisioning/publication.ts';
import { apiParts } from '#main/api-parts.ts';
import { keepBrake } from '#main/brake-timer.ts';
import { openEmbedded } from '#main/open-embedded.ts';
import { systemClock } from '#main/system-clock.ts';
import { Caller } from './caller.ts';

const KEY = 'assay-test-key-0123456789abcdef0123456789abcdef';

export class EngineOverHttp {
  readonly folder: string;
  #open: { engine: Engine; port: number; stop: () => Promise<void> } | undefined;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<EngineOverHttp> {
    return new EngineOverHttp(await mkdtemp(join(tmpdir(), 'assay-http-')));
  }

  get engine(): Engine {
    if (this.#open === undefined) throw new Error('it is not running');
    return this.#open.engine;
  }

  caller(connectionCountMax: number): Caller {
    if (this.#open === undefined) throw new Error('it is not running');
    return new Caller({ port: this.#open.port, key: KEY, connectionCountMax });
  }

  async start(publication: Publication): Promise<void> {
    const { folder } = this;
    const engine = await openEmbedded({ disk: nodeDisk, folder, clock: systemClock, publication });
    const keys = await openKeyStore(folder, { devKey: KEY });
    const server = buildServer(apiParts(engine, keys), requestLog('silent'));
    const address = await server.http.listen({ host: '127.0.0.1', port: 0 });
    const stopBrake = keepBrake(engine);
    const stop = async (): Promise<void> => {
      stopBrake();
      await server.drain();
      await engine.close();
    };
    this.#open = { engine, port: Number(new URL(address).port), stop };
  }

  async stop(): Promise<void> {
    await this.#open?.stop();
    this.#open = undefined;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
