/** The log is not what was written. Nothing is changed; the file is for a person, with a copy, to look at. */
export class LogDamaged extends Error {
  readonly code: 'log_damaged' | 'log_format_unknown';
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  /** Of the record that should be there. */
  readonly position: number;
  readonly expected: string;
  readonly found: string;
  /** True where nothing valid follows in the log: an unfinished write looks like this. */
  readonly atTail: boolean;

  constructor(
    code: LogDamaged['code'],
    what: Pick<LogDamaged, 'file' | 'offset' | 'position' | 'expected' | 'found' | 'atTail'>,
  ) {
    const place = `${what.file}, byte ${what.offset}, record ${what.position}`;
    super(`${place}: expected ${what.expected}, found ${what.found}`);
    this.code = code;
    this.file = what.file;
    this.offset = what.offset;
    this.position = what.position;
    this.expected = what.expected;
    this.found = what.found;
    this.atTail = what.atTail;
  }
}
