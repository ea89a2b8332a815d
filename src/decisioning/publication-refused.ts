/** What does not go live, with every reason. */
export class PublicationRefused extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Another node of the fleet was faster: the publication that it was made on is not in force any more. Nothing
 * went live.
 */
export class PublicationOvertaken extends Error {
  /** Position of the publication that it was made on. */
  readonly madeOn: number;
  constructor(madeOn: number) {
    super(`what is in force at position ${madeOn} was changed by another in this moment`);
    this.madeOn = madeOn;
  }
}
