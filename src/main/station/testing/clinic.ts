import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeSite, type Site } from '../access/index.ts';
import {
  admitAssociation,
  type Archive,
  type ArchiveAssociation,
  associationJobs,
  completenessJobs,
  configurePeers,
  endAssociation,
  findStudyIdByUid,
  receiveObject,
  SHIPPED_RULES,
} from '../archive/index.ts';
import type { DicomRecord } from '../dicom/dataset/write-dataset.ts';
import { createJobRunner, type JobHandler } from '../platform/jobs/jobs.ts';
import { type Log, openLog } from '../platform/log.ts';
import { freshObjectKeys, type ObjectKeys } from '../platform/objects/object-keys.ts';
import { openObjectStore } from '../platform/objects/object-store.ts';
import { parseEvent } from '../platform/ledger/event.ts';
import { LIST_EVENTS_AFTER } from '../platform/ledger/follow.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { openTestStore, type TestStore } from '../platform/store/test-store.ts';
import { arrivalOf, textOf } from './objects.ts';

/** A real store and object store with two sites that receive, at a time the test sets. */
export type Clinic = {
  readonly db: WritableDb;
  readonly store: TestStore;
  readonly objectsDir: string;
  readonly keys: ObjectKeys;
  readonly archive: Archive;
  readonly north: Site;
  readonly south: Site;
  readonly log: Log;
  logged(): string;
  nowMs(): number;
  pass(ms: number): void;
  /** An association from one of the peers: CT1 (new), PACS (comparison), or SOUTH, which belongs to the other site. */
  associate(callingAe?: 'CT1' | 'PACS' | 'SOUTH'): ArchiveAssociation;
  end(association: ArchiveAssociation, how?: 'released' | 'aborted' | 'failed'): void;
  /** Receives records one after another and gives the answers' statuses. */
  receive(association: ArchiveAssociation, ...records: readonly DicomRecord[]): Promise<readonly string[]>;
  /** A whole association, received and released, that no other of its study is waited for after. Gives the study's id. */
  send(records: readonly DicomRecord[], callingAe?: 'CT1' | 'PACS' | 'SOUTH'): Promise<string>;
  /** Does the jobs that are due. */
  runJobs(more?: Readonly<Record<string, JobHandler>>): void;
  events(kind?: string): readonly ClinicEvent[];
  close(): void;
};

export type ClinicEvent = {
  readonly seq: number;
  readonly kind: string;
  readonly siteId: string | null;
  readonly studyId: string | null;
  readonly atMs: number;
  readonly payload: Readonly<Record<string, unknown>>;
};

const QUIET = { ...SHIPPED_RULES, quietMs: { CT: 180_000, DX: 300_000 }, quietOtherMs: 600_000, settleMs: 5000 };
let lastAssociation = 0;

/** Opens a clinic: site north with peers CT1 and PACS, site south with peer SOUTH. */
export function openClinic(): Clinic {
  const store = openTestStore();
  const { db } = store;
  const objectsDir = mkdtempSync(path.join(tmpdir(), 'wetread-clinic-'));
  const keys = freshObjectKeys();
  // A Monday morning, so that working hours run.
  let nowMs = Date.parse('2026-03-02T09:00:00Z');
  const clock = { nowMs: () => nowMs };
  let logged = '';
  const log = openLog('info', { write: (line: string) => (logged += line) });
  const site = (code: string) => makeSite(db, { code, name: code, zone: 'Etc/UTC', atMs: nowMs });
  const [north, south] = [site('north'), site('south')];
  configurePeers(db, north.siteId, 'WETREAD', [
    { aeTitle: 'CT1', address: '10.0.0.1', intent: 'new' },
    { aeTitle: 'PACS', address: '10.0.0.1', intent: 'comparison' },
  ]);
  configurePeers(db, south.siteId, 'WETREAD', [{ aeTitle: 'SOUTH', address: '10.0.0.1', intent: 'new' }]);
  const archive: Archive = { db, objects: openObjectStore(objectsDir, keys), clock, quiet: QUIET, fullBytes: 0 };
  const clinic: Clinic = {
    ...{ db, store, objectsDir, keys, archive, north, south, log },
    logged: () => logged,
    nowMs: clock.nowMs,
    pass: (ms) => (nowMs += ms),
    associate(callingAe = 'CT1') {
      lastAssociation += 1;
      const offer = { callingAe, calledAe: 'WETREAD', address: '10.0.0.1' };
      const admitted = admitAssociation(db, offer, `association-${lastAssociation}`, nowMs);
      if (!admitted.ok) throw new Error(admitted.error.code);
      return admitted.value;
    },
    end: (association, how = 'released') =>
      endAssociation(db, association, { how, stored: 1, refused: 0, atMs: nowMs }),
    async receive(association, ...records) {
      const statuses: string[] = [];
      for (const record of records)
        statuses.push((await receiveObject(archive, arrivalOf(record), association)).status);
      return statuses;
    },
    async send(records, callingAe = 'CT1') {
      const association = clinic.associate(callingAe);
      const statuses = await clinic.receive(association, ...records);
      if (statuses.some((status) => status !== 'success')) throw new Error(statuses.join());
      endAssociation(db, association, {
        how: 'released',
        stored: 1,
        refused: 0,
        atMs: nowMs,
        rules: { ...QUIET, settleMs: 0 },
      });
      const studyId = findStudyIdByUid(db, association.peer.siteId, textOf(records[0], 'StudyInstanceUID'));
      if (studyId === null) throw new Error('nothing was filed');
      return studyId;
    },
    runJobs: (more = {}) =>
      createJobRunner(db, { ...completenessJobs(QUIET), ...associationJobs(QUIET), ...more }, { clock, log }).runDue(),
    events: (kind) => readEvents(db, kind),
    close() {
      store.close();
      rmSync(objectsDir, { recursive: true, force: true });
    },
  };
  return clinic;
}

function readEvents(db: WritableDb, kind: string | undefined): readonly ClinicEvent[] {
  return prepared<Parameters<typeof parseEvent>[0]>(db, LIST_EVENTS_AFTER)
    .all(0, -1)
    .map(parseEvent)
    .filter((event) => kind === undefined || event.kind === kind)
    .map(({ seq, kind: of, siteId, studyId, atMs, payload }) => ({
      seq,
      kind: of,
      siteId,
      studyId,
      atMs,
      payload: { ...payload },
    }));
}
