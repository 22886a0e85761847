import type { RemoteAe } from '../../src/main/station/dicom/open-association.ts';
import { DEFAULT_ACCEPTS, type DicomServer, startDicomServer } from '../../src/main/station/dicom/server.ts';
import type {
  AssociationCounts,
  AssociationOutcome,
  DicomEvent,
  DicomServerOptions,
  IncomingObject,
} from '../../src/main/station/dicom/server-options.ts';

/** A server that keeps in memory what it is sent, and what it says of its associations. */
export type KeepingServer = {
  readonly server: DicomServer;
  readonly remote: RemoteAe;
  /** By SOP Instance UID. */
  readonly kept: Map<string, Uint8Array>;
  readonly ends: { readonly outcome: AssociationOutcome; readonly counts: AssociationCounts }[];
  readonly refusals: string[];
  readonly events: DicomEvent[];
};

/** Starts one on a free port of this machine; every option can be changed. */
export async function keepingDicomServer(options: Partial<DicomServerOptions<string>> = {}): Promise<KeepingServer> {
  const kept: KeepingServer['kept'] = new Map();
  const ends: KeepingServer['ends'] = [];
  const refusals: string[] = [];
  const events: DicomEvent[] = [];
  const server = await startDicomServer<string>({
    host: '127.0.0.1',
    port: 0,
    maxAssociations: 8,
    timeouts: { artimMs: 60_000, idleMs: 60_000, objectMs: 60_000, wholeObjectMs: 60_000 },
    maxPduLength: 64 * 1024,
    accepts: DEFAULT_ACCEPTS,
    policy: async () => ({ accept: true, correlationId: 'c-1', context: 'peer' }),
    store: async (incoming) => {
      kept.set(incoming.sopInstanceUid, await collectBody(incoming));
      return { status: 'success' };
    },
    onAssociationEnd: (_association, outcome, counts) => ends.push({ outcome, counts }),
    onRefused: (_offer, reason) => refusals.push(reason),
    log: (event) => events.push(event),
    ...options,
  });
  const remote: RemoteAe = { host: '127.0.0.1', port: server.port, callingAe: 'SENDER', calledAe: 'WETREAD' };
  return { server, remote, kept, ends, refusals, events };
}

/** Everything a sender sends, in one piece; `beforePart` may make the reader slow. */
export async function collectBody(incoming: IncomingObject, beforePart?: () => Promise<void>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of incoming.body) {
    await beforePart?.();
    parts.push(Buffer.from(part)); // the next comes into the same memory
  }
  return Buffer.concat(parts);
}
