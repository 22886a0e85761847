import type { Clock } from '../platform/clock.ts';
import type { WritableDb } from '../platform/store/database.ts';
import type { SessionLimits, SignInThrottle } from '../access/index.ts';
import type { HintHub } from './hint-hub.ts';
import type { ReadRecorder } from './read-recorder.ts';
import type { StationServices } from './services.ts';
import type { SessionSockets } from './session-sockets.ts';

/** What the procedures are bound to. */
export type Bindings = {
  readonly db: WritableDb;
  readonly clock: Clock;
  readonly limits: SessionLimits;
  readonly throttle: SignInThrottle;
  readonly services: StationServices;
  readonly hints: HintHub;
  readonly reads: ReadRecorder;
  readonly sockets: SessionSockets;
};
