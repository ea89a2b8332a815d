import type { RememberedNames } from './parts.ts';

const NAMES_KEPT_MAX = 1_000;

/** The last ones that were added. */
export function rememberedNames(): RememberedNames {
  const kept = new Set<string>();
  return {
    has: (name) => kept.has(name),
    add(name) {
      kept.delete(name);
      kept.add(name);
      for (const oldest of kept) {
        if (kept.size <= NAMES_KEPT_MAX) break;
        kept.delete(oldest);
      }
    },
  };
}
