/**
 * Draws without a random number: of all that is offered, what has the smallest keys is kept, in their order.
 * `make` is called where it is kept, for now.
 */
export function keepSmallest<Key extends number | string, Drawn extends { readonly key: Key }>(
  drawn: Drawn[], size: number, key: Key, make: () => Drawn,
): void {
  const last = drawn.at(-1);
  if (drawn.length >= size && last !== undefined && key >= last.key) return;
  const at = drawn.findIndex((one) => one.key > key);
  drawn.splice(at < 0 ? drawn.length : at, 0, make());
  if (drawn.length > size) drawn.pop();
}
