/** A segment is a file of frames; its name is the position of its first record, in 20 digits. */
export interface Segment {
  readonly first: number;
  readonly bytes: number;
}

const SEGMENT_NAME = /^(\d{20})\.log$/;

export const segmentName = (first: number): string => `${String(first).padStart(20, '0')}.log`;

/** The first positions of the segments among the names of a folder, in order. */
export function segmentFirsts(names: readonly string[]): readonly number[] {
  return names
    .flatMap((name) => {
      const digits = SEGMENT_NAME.exec(name)?.[1];
      return digits === undefined ? [] : [Number(digits)];
    })
    .sort((left, right) => left - right);
}
