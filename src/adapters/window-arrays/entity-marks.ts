import { LIMITS } from '#domain/limits.ts';
import type { EntityMark } from '#ports/window-store.ts';

const NONE: readonly EntityMark[] = [];

/** Marks of entities, in the order they were set; a mark that no judgement can see any more is dropped. */
export class EntityMarks {
  /** By tenant, NUL, field path, NUL, value. */
  readonly #marks = new Map<string, readonly EntityMark[]>();

  get size(): number {
    return this.#marks.size;
  }

  set(tenant: string, path: string, value: string, mark: EntityMark): void {
    const key = `${tenant}\0${path}\0${value}`;
    const marks = [...(this.#marks.get(key) ?? NONE), mark];
    if (marks.length > LIMITS.marksPerEntityMax) {
      // A name that is set over and over pushes out its own marks, not those of other names.
      const own = marks.findIndex(({ name }) => name === mark.name);
      marks.splice(own === marks.length - 1 ? 0 : own, 1);
    }
    this.#marks.set(key, marks);
  }

  get(tenant: string, path: string, value: string): readonly EntityMark[] {
    return this.#marks.size === 0 ? NONE : this.#marks.get(`${tenant}\0${path}\0${value}`) ?? NONE;
  }

  drop(tenant: string, path: string, value: string): void {
    this.#marks.delete(`${tenant}\0${path}\0${value}`);
  }

  /**
   * Looks at the entity that was not looked at for longest, and drops its marks that ended before `beforeMs`,
   * and those without an end that are older than the retention.
   */
  trim(beforeMs: number, retentionMs: number): void {
    for (const [key, marks] of this.#marks) {
      const left = marks.filter((mark) =>
        (mark.untilMs === Infinity ? mark.fromMs > beforeMs - retentionMs : mark.untilMs > beforeMs));
      this.#marks.delete(key);
      if (left.length > 0) this.#marks.set(key, left.length === marks.length ? marks : left);
      return;
    }
  }

  save(): readonly (readonly [string, readonly EntityMark[]])[] {
    return [...this.#marks];
  }

  load(entries: readonly (readonly [string, readonly EntityMark[]])[]): void {
    for (const [key, marks] of entries) this.#marks.set(key, marks);
  }
}
