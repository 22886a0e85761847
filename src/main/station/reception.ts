import { v7 } from 'uuid';
import { HOUR_MS } from '../../shared/domain/durations.ts';
import { err, ok, type Result } from '../../shared/domain/result.ts';
import {
  admitAssociation,
  type Archive,
  type ArchiveAssociation,
  createRefusals,
  endAssociationWhenRoom,
  listTitles,
  receiveObject,
  serviceClassesOf,
} from './archive/index.ts';
import { DEFAULT_ACCEPTS, type DicomServer, startDicomServer } from './dicom/server.ts';
import type { ServiceClass } from './dicom/server-services.ts';
import { certificateEndsAtMs, readTlsFiles, type TlsFiles } from './dicom/tls.ts';
import type { Refusal } from './exit-codes.ts';
import type { Clock } from './platform/clock.ts';
import type { Config } from './platform/config.ts';
import type { DiskWatch } from './platform/disk-watch.ts';
import type { Log } from './platform/log.ts';

/** The DICOM listener bound to the archive. */
export type Reception = {
  listen(): Promise<Result<{ readonly port: number }, Refusal>>;
  close(graceMs: number): Promise<void>;
  isListening(): boolean;
  openAssociations(): number;
  /** The port listened on; 0 while closed. */
  port(): number;
  /** When the certificate of the TLS listener expires; null without one. */
  certificateEndsAtMs(): number | null;
};

type ReceptionTools = {
  readonly archive: Archive;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly objectAnswered: (status: string) => void;
  readonly port: number;
  readonly disk: DiskWatch;
  /** What is served besides storage. */
  readonly services: readonly ServiceClass<ArchiveAssociation>[];
};

/** How long an acceptor waits for a request, and for the close (conformance table 4.1-4). */
export const ARTIM_MS = 30_000;
const LOOK_AT_CERTIFICATE_MS = HOUR_MS;
const LONGEST_PDU = 131_072;

/** For whoever may fetch and not store: it is an SCP of storage classes, never their SCU. */
const SENT_ONLY = DEFAULT_ACCEPTS.map((row) => ({ ...row, requestor: { scu: false, scp: true } }));

/** PS3.8 Table 9-21: an unknown caller is told so for good, a full station for now. */
const REASONS = { 'unknown-peer': 'calling-ae-not-recognized', 'no-room': 'temporary-congestion' } as const;

/** Joins the protocol's callbacks to the archive's verbs: who may call, what becomes of each object, how each association ended. */
export function openReception(tools: ReceptionTools): Reception {
  const { archive, config, clock, log } = tools;
  let server: DicomServer | null = null;
  let open = 0;
  const { tls, timeouts } = config.dicom;
  const refusals = createRefusals(archive.db, {
    nowMs: clock.nowMs,
    onFailure: (error) => log.incident('refusals-not-recorded', error),
  });
  const certificate = tls === undefined ? null : watchCertificate(tls, log);
  return {
    async listen() {
      try {
        server = await startDicomServer<ArchiveAssociation>({
          host: config.dicom.host,
          port: tools.port,
          aeTitles: listTitles(config).map(({ aeTitle }) => aeTitle),
          maxAssociations: config.dicom.maxAssociations,
          maxAssociationsPerPeer: config.dicom.maxAssociationsPerPeer,
          timeouts: {
            artimMs: ARTIM_MS,
            idleMs: timeouts.idleMs,
            objectMs: timeouts.pduMs,
            wholeObjectMs: timeouts.objectMs,
          },
          ...(tls !== undefined && {
            secured: { port: tls.port, context: readTlsFiles(tls), requiresCertificate: tls.requireClientCertificate },
          }),
          onUnauthenticated: (address, reason) =>
            refusals.record({ kind: 'node-authentication-failed', address, reason }),
          maxPduLength: LONGEST_PDU,
          accepts: DEFAULT_ACCEPTS,
          services: tools.services,
          policy: async ({ callingAe, calledAe, remoteAddress, certificates }) => {
            const correlationId = v7();
            const state = await tools.disk.look();
            const admitted = admitAssociation(
              archive.db,
              { callingAe, calledAe, address: remoteAddress, certificates },
              correlationId,
              clock.nowMs(),
              state !== 'refusing' && state !== 'full',
            );
            if (!admitted.ok) return { accept: false, reason: REASONS[admitted.error.code] };
            open += 1;
            const permitted = admitted.value.peer.services;
            return {
              accept: true,
              correlationId,
              context: admitted.value,
              services: serviceClassesOf(permitted),
              ...(!permitted.includes('store') && { accepts: permitted.includes('retrieve') ? SENT_ONLY : [] }),
            };
          },
          store: async (incoming, { context }) => {
            const answer = await receiveObject(archive, incoming, context);
            tools.objectAnswered(answer.status);
            return answer;
          },
          onAssociationEnd: ({ context }, how, { stored, refused, cutShort }) => {
            open -= 1;
            const counts = { stored, refused: refused + cutShort };
            const end = { how, ...counts, atMs: clock.nowMs(), rules: archive.quiet };
            endAssociationWhenRoom(archive.db, context, end, (error) => log.incident('association-not-ended', error));
          },
          onRefused: ({ remoteAddress: address }, reason) =>
            refusals.record({ kind: 'association-refused', address, reason }),
          log: (event) => {
            if (event.kind === 'callback-failed')
              log.incident('dicom-callback-failed', event.error, { correlationId: event.correlationId });
            else log.warn(event.kind, { code: event.code });
          },
        });
        certificate?.start((context) => server?.renewCertificate(context));
        return ok({ port: server.port });
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EADDRINUSE') return err({ code: 'dicom-port-taken' });
        if (code === 'EADDRNOTAVAIL') return err({ code: 'address-unavailable' });
        if (code === 'EACCES') return err({ code: 'port-not-permitted' });
        if (tls !== undefined && code !== undefined) return err({ code: 'tls-unreadable', details: [code] });
        throw error;
      }
    },
    async close(graceMs) {
      const closing = server;
      server = null;
      certificate?.stop();
      refusals.stop();
      await closing?.close(graceMs);
      refusals.flush();
    },
    isListening: () => server !== null,
    openAssociations: () => open,
    port: () => server?.port ?? 0,
    certificateEndsAtMs: () => certificate?.endsAtMs() ?? null,
  };
}

/** Keeps an eye on our certificate: one that was renewed is taken up within an hour, and the end of the present one is known. */
function watchCertificate(files: TlsFiles, log: Log) {
  let endsAtMs: number | null = null;
  let timer: NodeJS.Timeout | null = null;
  return {
    endsAtMs: () => endsAtMs,
    start(renew: (context: ReturnType<typeof readTlsFiles>) => void) {
      const look = () => {
        try {
          const ends = certificateEndsAtMs(files.certFile);
          if (endsAtMs !== null && ends !== endsAtMs) renew(readTlsFiles(files));
          endsAtMs = ends;
        } catch (error) {
          log.incident('certificate-not-read', error);
        }
      };
      look();
      timer = setInterval(look, LOOK_AT_CERTIFICATE_MS);
      timer.unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
    },
  };
}
