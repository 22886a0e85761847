import { session, type Session } from 'electron';
import { guardSession } from './guard-session.ts';

/** Not `persist:`, so the partition is in memory: cookies, cache and storage of a page end with the program. */
const PARTITION = 'wetread';

/** Opens the one session windows use, closed to everything but the station; the default one, which nobody uses, too. */
export function openGuardedSession(origin: () => string, devTools: boolean): Session {
  const own = session.fromPartition(PARTITION);
  guardSession(own, origin, { devTools });
  guardSession(session.defaultSession, origin, { devTools });
  return own;
}
