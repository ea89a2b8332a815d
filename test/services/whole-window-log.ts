import { RedisWindowLog, type RedisWindowLogOptions } from '#adapters/redis/window-log.ts';

/** The logs of a Redis that nobody else makes whole: what is in it is all there ever was. */
export async function wholeWindowLog(
  url: string, more: Partial<RedisWindowLogOptions> = {},
): Promise<RedisWindowLog> {
  const log = await RedisWindowLog.open({
    url, answerMsMax: 2_000, retentionMs: 60_000, entriesPerLogMax: 1_000, ...more,
  });
  const { condition, epoch } = await log.health();
  if (condition === 'lost') await log.begin(epoch + 1);
  return log;
}
