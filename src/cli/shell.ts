/** What a command gets, so that a test can stand in for the terminal. */
export interface Shell {
  readonly args: readonly string[];
  /** Where relative paths start. */
  readonly folder: string;
  out(line: string): void;
  err(line: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** 0 yes, 1 no (a test failed, a difference was found), 2 the call itself is wrong. */
export type ExitCode = 0 | 1 | 2;

export type Command = (shell: Shell) => Promise<ExitCode>;

/** The call itself is wrong: said in one line, with the usage. */
export class UsageError extends Error {}
