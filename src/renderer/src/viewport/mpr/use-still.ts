import { useEffect, useState } from 'react';

const STILL_AFTER_MS = 160;

/** False while what is drawn keeps changing. */
export function useStill(...what: readonly unknown[]): boolean {
  const [stillFor, setStillFor] = useState<readonly unknown[]>([]);
  useEffect(() => {
    const timer = setTimeout(() => setStillFor(what), STILL_AFTER_MS);
    return () => clearTimeout(timer);
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the things themselves are what is watched.
  }, what);
  return what.every((one, index) => stillFor[index] === one);
}
