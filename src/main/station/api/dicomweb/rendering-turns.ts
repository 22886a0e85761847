/** Who renders one thing at a time: further ones wait for their turn. */
export type RenderingTurns = {
  /** Does the work when its turn comes; null, and nothing is done, where as many of theirs wait already as may. */
  take<Value>(userId: string, work: () => Promise<Value>): Promise<Value | null>;
};

/** Of one person or machine: one rendering runs and four wait, so that nobody takes all threads that others read with. */
const MOST_AT_ONCE = 5;

/** The turns of this station; nobody of whom nothing is under way is kept in mind. */
export function createRenderingTurns(): RenderingTurns {
  const lines = new Map<string, { length: number; last: Promise<unknown> }>();
  return {
    async take(userId, work) {
      const line = lines.get(userId) ?? { length: 0, last: Promise.resolve() };
      if (line.length >= MOST_AT_ONCE) return null;
      lines.set(userId, line);
      line.length += 1;
      const done = line.last.then(work);
      line.last = done.catch(() => undefined); // it fails for who asked for it, and for nobody after
      try {
        return await done;
      } finally {
        line.length -= 1;
        if (line.length === 0) lines.delete(userId);
      }
    },
  };
}
