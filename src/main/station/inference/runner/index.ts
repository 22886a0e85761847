import '../../../../shared/domain/zod-setup.ts';
import { openStationChannel } from './channel.ts';
import { serveStation } from './serve-station.ts';

/** Exit code after a message that does not parse: station and runner are of different builds. */
const REFUSED_MESSAGE = 65;

/** Exit code after a bug that nothing caught; Node's own report would print what the error holds. */
const DIED = 70;

/** Entry of the runner process. Whatever it does not foresee ends it; the station notices, records it and starts another. */
process.on('uncaughtException', () => process.exit(DIED));
const channel = openStationChannel();
channel.listen(
  serveStation(channel.post, () => process.exit(0)),
  () => process.exit(REFUSED_MESSAGE),
);
