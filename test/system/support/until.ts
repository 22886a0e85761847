/** Asks again and again until the answer is neither null nor false, and gives it; throws after the time given. */
export async function until<T>(
  ask: () => T | Promise<T>,
  withinMs: number,
  everyMs = 50,
): Promise<Exclude<T, null | false | undefined>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false && answer !== undefined)
      return answer as Exclude<T, null | false | undefined>;
    if (performance.now() > deadline) throw new Error(`still not so after ${withinMs} ms: ${ask.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
