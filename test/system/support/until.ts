/** Longer than anything that is waited for takes on a machine with other work; a test that waits in vain fails only later. */
const LONGEST_WAIT_MS = 90_000;

/** Asks again and again until the answer is neither null nor false, and gives it; throws after a minute and a half. */
export async function until<T>(ask: () => T | Promise<T>, everyMs = 50): Promise<Exclude<T, null | false | undefined>> {
  const deadline = performance.now() + LONGEST_WAIT_MS;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== false && answer !== undefined)
      return answer as Exclude<T, null | false | undefined>;
    if (performance.now() > deadline) throw new Error(`still not so after ${LONGEST_WAIT_MS} ms: ${ask.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
