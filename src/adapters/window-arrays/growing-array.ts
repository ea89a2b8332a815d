type Numbers = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

/**
 * The same array with room for `length` entries, at least doubled so that growing stays cheap; new entries
 * are 0.
 */
export function withRoom<Array extends Numbers>(array: Array, length: number,
  make: (length: number) => Array): Array {
  if (length <= array.length) return array;
  const grown = make(Math.max(length, array.length * 2, 64));
  grown.set(array);
  return grown;
}

export const uint32s = (length: number): Uint32Array => new Uint32Array(length);
export const int32s = (length: number): Int32Array => new Int32Array(length);
export const uint16s = (length: number): Uint16Array => new Uint16Array(length);
export const uint8s = (length: number): Uint8Array => new Uint8Array(length);
export const float64s = (length: number): Float64Array => new Float64Array(length);
