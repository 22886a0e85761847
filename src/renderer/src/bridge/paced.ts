/** Work that is asked for more often than it is done. */
type Paced = { readonly ask: () => void; readonly stop: () => void };

/** Does work at once when it is asked for; what is asked for sooner than `everyMs` after that is done once when they are over. */
export function paced(work: () => void, everyMs: number): Paced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted = false;
  const rested = () => {
    timer = undefined;
    if (isWanted) ask();
  };
  const ask = () => {
    isWanted = timer !== undefined;
    if (isWanted) return;
    timer = setTimeout(rested, everyMs);
    work();
  };
  return {
    ask,
    stop() {
      isWanted = false;
      clearTimeout(timer);
    },
  };
}
