/** What is not answered in time is left alone: it may still end, and nobody hears of it. */
export async function within<Result>(
  ms: number, asked: Promise<Result>, late: () => Error,
): Promise<Result> {
  if (ms === Infinity) return asked;
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => { reject(late()); }, Math.max(0, ms));
  });
  asked.catch(() => {});
  try {
    return await Promise.race([asked, over]);
  } finally {
    clearTimeout(timer);
  }
}
