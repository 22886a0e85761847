import { appendEvent } from '../platform/ledger/append.ts';
import { freshRowId } from '../platform/ids.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';

/** Who was turned away: an association refused, or a TLS handshake that proved nobody. `reason` is a code. */
export type TurnedAway = {
  readonly kind: 'association-refused' | 'node-authentication-failed';
  readonly address: string;
  readonly reason: string;
};

/** Records who was turned away, however many they are. */
export type Refusals = {
  /** The first of an address and reason is recorded at once; what follows within a minute is counted and told at its end. */
  record(turnedAway: TurnedAway): void;
  /** Tells what is counted and not told yet. */
  flush(): void;
  stop(): void;
};

const MINUTE_MS = 60_000;
/** Addresses and reasons counted apart; a flood from more of them is told as one, without its addresses. */
const MOST_APART = 64;

/** A flood of refusals grows the ledger by one event a minute for each address and reason, and no more than so many. */
export function createRefusals(
  db: WritableDb,
  tools: { readonly nowMs: () => number; readonly onFailure: (error: unknown) => void },
): Refusals {
  type Count = { readonly of: TurnedAway; readonly sinceMs: number; more: number };
  const counts = new Map<string, Count>();

  function tell({ kind, address, reason }: TurnedAway, count: number): void {
    inTransaction(db, () =>
      appendEvent(db, {
        kind,
        payload: { reason, address, ...(count > 1 && { count }) },
        siteId: null,
        actor: { kind: 'peer', id: address === '' ? 'unknown' : address },
        correlationId: freshRowId(),
        atMs: tools.nowMs(),
      }),
    );
  }

  /** Tells and forgets the counts that are old enough. */
  function settle(beforeMs: number): void {
    for (const [key, count] of counts) {
      if (count.sinceMs > beforeMs) continue;
      // Told first: what cannot be written down, on a full disk say, stays counted.
      if (count.more > 0) tell(count.of, count.more);
      counts.delete(key);
    }
  }

  const quietly = (work: () => void) => {
    try {
      work();
    } catch (error) {
      tools.onFailure(error);
    }
  };
  const timer = setInterval(() => quietly(() => settle(tools.nowMs() - MINUTE_MS)), MINUTE_MS);
  timer.unref();

  return {
    record(turnedAway) {
      const isTooMany = counts.size >= MOST_APART;
      const of: TurnedAway = isTooMany ? { ...turnedAway, address: '' } : turnedAway;
      const key = `${of.kind} ${of.reason} ${of.address}`;
      const known = counts.get(key) ?? counts.get(`${turnedAway.kind} ${turnedAway.reason} ${turnedAway.address}`);
      if (known !== undefined) {
        known.more += 1;
        return;
      }
      const first: Count = { of, sinceMs: tools.nowMs(), more: 1 };
      counts.set(key, first);
      tell(of, 1); // where that fails it stays counted
      first.more = 0;
    },
    flush: () => quietly(() => settle(Number.POSITIVE_INFINITY)),
    stop: () => clearInterval(timer),
  };
}
