/** The index of decisions, as a node of the fleet asks it. */
import type { FleetIndex } from '#fleet/record-finder.ts';
import type { DecisionIndex } from '#ports/decision-index.ts';
import type { LogRecord } from '#ports/decision-log.ts';
import { DecisionFinder } from './decision-finder.ts';
import type { Projector } from './projector.ts';

export class ProjectedIndex implements FleetIndex {
  readonly #index: DecisionIndex;
  readonly #finder: DecisionFinder;
  readonly #projector: Projector;
  #asking: Promise<readonly number[]> | undefined;

  constructor(index: DecisionIndex, projector: Projector) {
    this.#index = index;
    this.#finder = new DecisionFinder(index);
    this.#projector = projector;
  }

  find(key: string): Promise<LogRecord | undefined> {
    return this.#finder.find(key);
  }

  /** By whichever projector got further: another node's may have. */
  async reached(): Promise<readonly number[]> {
    this.#projector.hurry();
    this.#asking ??= this.#index.offsets().finally(() => { this.#asking = undefined; });
    const [own, all] = [this.#projector.reached, await this.#asking];
    return Array.from({ length: Math.max(own.length, all.length) }, (_, partition) =>
      Math.max(own[partition] ?? 0, all[partition] ?? 0));
  }
}
