/** What a server at a start says is said with its name and place, and with what to look at. */
import { UsageError } from '#cli/shell.ts';
import { messageOf } from '#domain/message-of.ts';

export interface Server {
  readonly name: string;
  /** As in the environment; of a URL only host and port are shown. */
  readonly at: string;
  readonly mend: string;
}

/** Throws UsageError in the place of whatever `asking` throws. */
export async function reached<Answer>({ name, at, mend }: Server, asking: Promise<Answer>): Promise<Answer> {
  try {
    return await asking;
  } catch (error) {
    throw new UsageError(`${name} at ${placeOf(at)}: ${messageOf(error)}\n${mend}`);
  }
}

/** Without user and password, which nobody wants in a log. */
function placeOf(at: string): string {
  return URL.canParse(at) && at.includes('://') ? new URL(at).host : at;
}
