import { connect, createServer, type Socket } from 'node:net';
import { type CapturedAnswer, type CapturedObject, parseAnswers, parseCapture } from './parse-capture.ts';

/** Stands between a peer and the station, and remembers every byte that the peer sent. */
export type RecordingProxy = {
  readonly port: number;
  /** The data sets that were sent, by SOP Instance UID, taken from the captured bytes. */
  objects(): ReadonlyMap<string, CapturedObject>;
  /** Every data set that was sent, also of one UID twice. */
  all(): readonly CapturedObject[];
  /** What the station answered to each C-STORE. */
  answers(): readonly CapturedAnswer[];
  /** The longest P-DATA-TF body and the most PDVs in one, in what was captured. */
  shape(): { readonly longestPdu: number; readonly mostPdvs: number };
  close(): Promise<void>;
};

/** Listens on a free port of this machine and passes everything on, both ways, unchanged. */
export async function recordingProxy(stationPort: number): Promise<RecordingProxy> {
  const captures: Buffer[][] = [];
  const answered: Buffer[][] = [];
  const sockets = new Set<Socket>();
  const server = createServer((peer) => {
    const capture: Buffer[] = [];
    captures.push(capture);
    const answer: Buffer[] = [];
    answered.push(answer);
    const station = connect({ host: '127.0.0.1', port: stationPort });
    for (const socket of [peer, station]) {
      sockets.add(socket);
      socket.on('error', () => {
        peer.destroy();
        station.destroy();
      });
      socket.on('close', () => sockets.delete(socket));
    }
    peer.on('data', (chunk: Buffer) => capture.push(chunk));
    station.on('data', (chunk: Buffer) => answer.push(chunk));
    peer.pipe(station);
    station.pipe(peer);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const parsed = () => captures.map((capture) => parseCapture(Buffer.concat(capture)));
  return {
    port: (server.address() as { readonly port: number }).port,
    objects: () => new Map(parsed().flatMap(({ objects }) => objects.map((object) => [object.sopUid, object]))),
    all: () => parsed().flatMap(({ objects }) => objects),
    answers: () => answered.flatMap((chunks) => parseAnswers(Buffer.concat(chunks))),
    shape: () => ({
      longestPdu: Math.max(0, ...parsed().map(({ longestPdu }) => longestPdu)),
      mostPdvs: Math.max(0, ...parsed().map(({ mostPdvs }) => mostPdvs)),
    }),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
