/** Which objects of a store are on their way in, for whoever would remove their files. */
export type InHand = {
  /** From here to its `letGo` the digest's file is not to be removed. */
  hold(digest: string): void;
  letGo(digest: string): void;
  isHeld(digest: string): boolean;
  /** Says that a digest's file was removed. */
  removed(digest: string): void;
  /** Runs work that keeps a file whose digest is known only once it stands; afterwards asks what was removed meanwhile. */
  watching<T>(work: (wasRemoved: (digest: string) => boolean) => Promise<T>): Promise<T>;
};

/** Nothing in hand. */
export function emptyHand(): InHand {
  const held = new Map<string, number>();
  const watchers = new Set<Set<string>>();
  return {
    hold(digest) {
      held.set(digest, (held.get(digest) ?? 0) + 1);
    },
    letGo(digest) {
      const left = (held.get(digest) ?? 1) - 1;
      if (left === 0) held.delete(digest);
      else held.set(digest, left);
    },
    isHeld: (digest) => held.has(digest),
    removed(digest) {
      for (const seen of watchers) seen.add(digest);
    },
    async watching(work) {
      const seen = new Set<string>();
      watchers.add(seen);
      try {
        return await work((digest) => seen.has(digest));
      } finally {
        watchers.delete(seen);
      }
    },
  };
}
