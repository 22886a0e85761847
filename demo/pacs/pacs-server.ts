import { setTimeout as pause } from 'node:timers/promises';
import { items, text } from '../../src/main/station/dicom/dataset/values.ts';
import { writePart10Header } from '../../src/main/station/dicom/part10.ts';
import type { RemoteAe } from '../../src/main/station/dicom/open-association.ts';
import { instanceFromFile } from '../../src/main/station/dicom/scu.ts';
import { DEFAULT_ACCEPTS, type DicomServer, startDicomServer } from '../../src/main/station/dicom/server.ts';
import type { IncomingObject } from '../../src/main/station/dicom/server-options.ts';
import type { NormalizedRequest, ServiceClass } from '../../src/main/station/dicom/server-services.ts';
import { onAssociation, SERVICE_SYNTAXES } from '../../src/main/station/dicom/services/ask.ts';
import { nEventReport } from '../../src/main/station/dicom/services/normalized.ts';
import { SERVICE_CLASSES, STORAGE_COMMITMENT_INSTANCE } from '../../src/main/station/dicom/services/sop-classes.ts';
import type { Switchboard } from '../switchboard.ts';
import { answersTo, levelOf, matching } from './answer-query.ts';
import type { Holdings } from './holdings.ts';

/** A pretend archive that listens, unless its switch says otherwise. */
export type PacsServer = {
  readonly port: number;
  close(): Promise<void>;
};

/** Everything it is told when it starts. */
export type PacsSettings = {
  readonly aeTitle: string;
  /** 0 is any free port; it comes back to the same one. */
  readonly port: number;
  readonly holdings: Holdings;
  readonly switches: Switchboard;
  /** Who may ask for objects to be moved, and is told of commitments: by AE title, where it listens. */
  readonly station: { readonly aeTitle: string; readonly host: string; readonly port: number };
};

const SLOW_MS = 1_500;
const REPORT_AFTER_MS = 300;
const COMMITMENT = SERVICE_CLASSES['storage-commitment-push'];
/** Failure Reason (0008,1197): no such object instance (PS3.3 §C.14.1.1). */
const NOT_HERE = 0x0112;

/**
 * Starts an archive that answers C-ECHO, C-FIND and C-MOVE, takes C-STORE, and commits to what it holds. Its switch makes it
 * slow, lets it reject every association, or takes it off the network. Rejects with the system's error when it cannot listen.
 */
export async function startPacs(settings: PacsSettings): Promise<PacsServer> {
  const { switches } = settings;
  let server: DicomServer | null = await listen(settings, settings.port);
  const { port } = server;
  switches.onTurn('pacs', async (state) => {
    if (state === 'gone') {
      await server?.close(0);
      server = null;
    } else server ??= await listen(settings, port);
  });
  return {
    port,
    async close() {
      await server?.close(0);
      server = null;
    },
  };
}

function listen(settings: PacsSettings, port: number): Promise<DicomServer> {
  const { aeTitle, switches } = settings;
  return startDicomServer<null>({
    host: '127.0.0.1',
    port,
    aeTitles: [aeTitle],
    maxAssociations: 16,
    timeouts: { artimMs: 30_000, idleMs: 120_000, objectMs: 60_000, wholeObjectMs: 600_000 },
    maxPduLength: 128 * 1024,
    accepts: DEFAULT_ACCEPTS,
    services: servicesOf(settings),
    policy: async () =>
      switches.state('pacs') === 'refuse'
        ? { accept: false, reason: 'temporary-congestion' }
        : { accept: true, correlationId: 'demo-pacs', context: null },
    store: async (incoming) => {
      const file = await wholeFile(incoming);
      await delay(switches);
      const kept = await settings.holdings.keep(file);
      if (kept === 'no-room') return { status: 'out-of-resources' };
      return { status: kept === 'kept' ? 'success' : 'cannot-understand' };
    },
  });
}

function servicesOf(settings: PacsSettings): readonly ServiceClass<null>[] {
  const { aeTitle, holdings, station, switches } = settings;
  const find: ServiceClass<null>['find'] = async function* (identifier) {
    const level = levelOf(identifier);
    if (level === null) return { status: 'data-set-does-not-match' };
    for (const answer of answersTo(holdings.list(), identifier, level)) {
      await delay(switches);
      yield { identifier: { ...answer, RetrieveAETitle: aeTitle } };
    }
    return { status: 'success' };
  };
  const move: ServiceClass<null>['move'] = async (identifier, destination) => {
    if (destination !== station.aeTitle) return { status: 'move-destination-unknown' };
    if (levelOf(identifier) === null) return { status: 'data-set-does-not-match' };
    await delay(switches);
    const read = await Promise.all(matching(holdings.list(), identifier).map(({ file }) => instanceFromFile(file)));
    const instances = read.flatMap((one) => (one.ok ? [one.value] : []));
    return { instances, remote: remoteOf(settings) };
  };
  return [
    { sopClass: SERVICE_CLASSES['study-root-find'], find },
    { sopClass: SERVICE_CLASSES['patient-root-find'], find },
    { sopClass: SERVICE_CLASSES['study-root-move'], move },
    { sopClass: SERVICE_CLASSES['patient-root-move'], move },
    { sopClass: COMMITMENT, takesLongLists: true, action: async (request) => commit(settings, request) },
  ];
}

/** Takes a request for commitment on, and reports what is held and what is not (PS3.4 §J.3.2, §J.3.3). */
async function commit(
  settings: PacsSettings,
  request: NormalizedRequest<null>,
): Promise<{ status: 'success' | 'invalid-argument-value' }> {
  const { dataset } = request;
  const transaction = dataset === null ? null : text(dataset, 'TransactionUID');
  if (dataset === null || transaction === null) return { status: 'invalid-argument-value' };
  const named = items(dataset, 'ReferencedSOPSequence').map((item) => ({
    ReferencedSOPClassUID: text(item, 'ReferencedSOPClassUID') ?? '',
    ReferencedSOPInstanceUID: text(item, 'ReferencedSOPInstanceUID') ?? '',
  }));
  const here = named.filter((one) => settings.holdings.find(one.ReferencedSOPInstanceUID) !== null);
  const missing = named.filter((one) => !here.includes(one)).map((one) => ({ ...one, FailureReason: NOT_HERE }));
  const information = {
    TransactionUID: transaction,
    ...(here.length > 0 && { ReferencedSOPSequence: here }),
    ...(missing.length > 0 && { FailedSOPSequence: missing }),
  };
  const eventTypeId = missing.length === 0 ? 1 : 2;
  const report = async () => {
    await pause(REPORT_AFTER_MS);
    await delay(settings.switches);
    const told = await request.reportEvent({ sopInstanceUid: STORAGE_COMMITMENT_INSTANCE, eventTypeId, information });
    if (told.ok || settings.switches.state('pacs') === 'gone') return;
    const proposal = { sopClass: COMMITMENT, transferSyntaxes: SERVICE_SYNTAXES, roles: { scu: false, scp: true } };
    const target = { sopClass: COMMITMENT, sopInstanceUid: STORAGE_COMMITMENT_INSTANCE };
    await onAssociation(remoteOf(settings), [proposal], (association) =>
      nEventReport(association, target, eventTypeId, information),
    );
  };
  void report().catch((error: unknown) =>
    process.stderr.write(`demo: a commitment was not reported: ${nameOf(error)}\n`),
  );
  return { status: 'success' };
}

function remoteOf({ aeTitle, station }: PacsSettings): RemoteAe {
  return { host: station.host, port: station.port, callingAe: aeTitle, calledAe: station.aeTitle };
}

async function delay(switches: Switchboard): Promise<void> {
  if (switches.state('pacs') === 'slow') await pause(SLOW_MS);
}

async function wholeFile(incoming: IncomingObject): Promise<Uint8Array> {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid } = incoming;
  const parts: Uint8Array[] = [writePart10Header({ sopClassUid, sopInstanceUid, transferSyntaxUid })];
  for await (const part of incoming.body) parts.push(Buffer.from(part)); // the next comes into the same memory
  return Buffer.concat(parts);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
