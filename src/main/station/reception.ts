import { v7 } from 'uuid';
import { err, ok, type Result } from '../../shared/domain/result.ts';
import {
  admitAssociation,
  type Archive,
  type ArchiveAssociation,
  endAssociation,
  receiveObject,
  recordRefusal,
} from './archive/index.ts';
import { DEFAULT_ACCEPTS, type DicomServer, startDicomServer } from './dicom/server.ts';
import type { Refusal } from './exit-codes.ts';
import type { Clock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import type { Log } from './platform/log.ts';

/** The DICOM listener bound to the archive. */
export type Reception = {
  listen(): Promise<Result<{ readonly port: number }, Refusal>>;
  close(graceMs: number): Promise<void>;
  isListening(): boolean;
  openAssociations(): number;
  /** The port listened on; 0 while closed. */
  port(): number;
};

type ReceptionTools = {
  readonly archive: Archive;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly objectAnswered: (status: string) => void;
  readonly port: number;
};

const TIMEOUTS = { artimMs: 30_000, idleMs: 300_000, objectMs: 120_000 };
const LONGEST_PDU = 131_072;

/** Joins the protocol's callbacks to the archive's verbs: who may call, what becomes of each object, how each association ended. */
export function openReception(tools: ReceptionTools): Reception {
  const { archive, config, clock, log } = tools;
  let server: DicomServer | null = null;
  let open = 0;
  return {
    async listen() {
      try {
        server = await startDicomServer<ArchiveAssociation>({
          host: config.dicom.host,
          port: tools.port,
          aeTitles: [config.dicom.aeTitle],
          maxAssociations: config.dicom.maxAssociations,
          timeouts: TIMEOUTS,
          maxPduLength: LONGEST_PDU,
          accepts: DEFAULT_ACCEPTS,
          policy: async ({ callingAe, calledAe, remoteAddress }) => {
            const correlationId = v7();
            const admitted = admitAssociation(
              archive.db,
              { callingAe, calledAe, address: remoteAddress },
              correlationId,
              clock.nowMs(),
            );
            if (!admitted.ok) return { accept: false, reason: 'calling-ae-not-recognized' };
            open += 1;
            return { accept: true, correlationId, context: admitted.value };
          },
          store: async (incoming, { context }) => {
            const answer = await receiveObject(archive, incoming, context);
            tools.objectAnswered(answer.status);
            return answer;
          },
          onAssociationEnd: ({ context }, how, { stored, refused, cutShort }) => {
            open -= 1;
            const { settleMs } = archive.quiet;
            const counts = { stored, refused: refused + cutShort };
            endAssociation(archive.db, context, { how, ...counts, atMs: clock.nowMs(), settleMs });
          },
          onRefused: ({ remoteAddress }, reason) =>
            recordRefusal(archive.db, reason, remoteAddress, v7(), clock.nowMs()),
          log: (event) => {
            if (event.kind === 'callback-failed')
              log.incident('dicom-callback-failed', event.error, { correlationId: event.correlationId });
            else log.warn(event.kind, { code: event.code });
          },
        });
        return ok({ port: server.port });
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EADDRINUSE') return err({ code: 'dicom-port-taken' });
        if (code === 'EADDRNOTAVAIL') return err({ code: 'address-unavailable' });
        if (code === 'EACCES') return err({ code: 'port-not-permitted' });
        throw error;
      }
    },
    async close(graceMs) {
      const closing = server;
      server = null;
      await closing?.close(graceMs);
    },
    isListening: () => server !== null,
    openAssociations: () => open,
    port: () => server?.port ?? 0,
  };
}
