import { describePart } from './dicomweb/describe-part.ts';
import { explicitHead } from './dicomweb/explicit-head.ts';
import { nativeFrame, renderImage } from './dicomweb/pixel-work.ts';
import { gzipSync } from 'node:zlib';
import type { Finding, StudyDetail } from '../../../shared/contract/studies.ts';
import { WorklistChoices, type WorklistRow, WORKLIST_FILTERS } from '../../../shared/contract/worklist.ts';
import { FindingId, PatientId, RunId, StudyId } from '../../../shared/domain/ids.ts';
import { err, ok } from '../../../shared/domain/result.ts';
import { NO_ROUTING } from '../../../shared/domain/triage-routing.ts';
import { openForSending } from '../archive/index.ts';
import type { StationServices } from './services.ts';

/** A name that must show up in answers and nowhere else. */
export const PATIENT_NAME = 'ZWETSCHGENKNOEDEL^LIESELOTTE';
export const PATIENT_MRN = 'MRN-77042731';
import { SHIPPED_POLICY } from '../testing/deadlines.ts';

/** The study that the answers know. */
export const STUDY = StudyId.parse('01990000-0000-7000-8000-000000000001');
/** One that nobody knows. */
export const OTHER_STUDY = StudyId.parse('01990000-0000-7000-8000-00000000ffff');
export const FINDING = FindingId.parse('01990000-0000-7000-8000-000000000002');
const RUN = RunId.parse('01990000-0000-7000-8000-000000000003');

/** One row, of a patient whose name must not leak. */
export const ROW: WorklistRow = {
  studyId: STUDY,
  studyUid: '1.2.3',
  revision: 2,
  intent: 'new',
  intentBecause: null,
  patient: {
    patientId: PatientId.parse('01990000-0000-7000-8000-000000000004'),
    name: PATIENT_NAME,
    birthDateRaw: '19500102',
    sex: 'F',
    mrn: PATIENT_MRN,
    issuer: null,
    nameAlert: false,
    underInvestigation: false,
  },
  accession: 'A1',
  exam: { description: 'CT head', modality: 'CT', bodyPart: 'HEAD', laterality: null, dateRaw: null, timeRaw: null },
  orderPriority: null,
  urgency: { level: 'critical', standing: 'suspected', raises: 1 },
  serviceLevel: 'inpatient',
  openByAtMs: 1,
  reportByAtMs: 2,
  receivedAtMs: 0,
  completeAtMs: null,
  images: { received: 3, expected: null, completeness: 'receiving', marks: [] },
  inPacs: 'no-destination',
  ai: { state: 'waiting' },
  priors: 0,
  openedBy: null,
  openAgain: [],
  report: 'none',
  routed: null,
  reasons: [{ code: 'ai-finding', params: { score: 0.9 } }],
  quarantined: 0,
};

const DETAIL: StudyDetail = {
  row: ROW,
  identityVersion: 1,
  dicomwebPath: '/dicomweb/north',
  series: [],
  completeness: null,
  letGo: 0,
  fetching: null,
  hidden: { counts: [], rejected: [], rejectedSeries: [] },
  commitments: [],
  priors: [],
  runs: [],
  newVersions: [],
  quarantine: [],
};

const MODEL = { id: 'blood', name: 'Blood', version: '1', clinicalUse: 'none', stage: 'silent' };
const AI_FINDING: Finding = {
  findingId: FINDING,
  studyId: STUDY,
  runId: RUN,
  revision: 2,
  origin: 'ai',
  state: 'unverified',
  model: MODEL,
  label: { code: '1', scheme: 'RADLEX', display: 'Haemorrhage' },
  category: 1,
  standing: 'flagged',
  score: 0.9,
  threshold: 0.5,
  judgedBy: { score: 'probability', unit: null, stacks: 1, flagFrom: 0.5 },
  measurements: [],
  seriesUid: '1.2.3.4',
  withdrawn: null,
  keyImage: null,
  parts: [
    {
      part: 1,
      keyImage: null,
      mask: {
        ...{ href: `/api/v1/findings/${FINDING}/overlays/mask-1`, rows: 1, columns: 8 },
        frames: [{ sopUid: '1.2.3.4.5', frameNumber: 1 }],
      },
    },
  ],
  boxes: [],
  heatmaps: [],
  decision: null,
};

/** The mask's packed bits before gzip. */
export const MASK = Buffer.from([0b1010_0101]);

const NARROWING = WorklistChoices.keyType.options;

const known = <T>(studyId: string, value: T): T | null => (studyId === STUDY ? value : null);

/** Answers about one study; objects for DICOMweb are the test's to give. */
export function testAnswers(changes: Partial<StationServices> = {}): StationServices {
  const window = { rows: [ROW], next: null, seq: 7 };
  const entry = {
    seq: 1,
    atMs: 5,
    kind: 'study-completed',
    payload: null,
    actor: { kind: 'service', id: 'archive', display: null },
  } as const;
  return {
    worklist: {
      list: () => window,
      search: () => Promise.resolve(window),
      counts: () => Object.fromEntries(WORKLIST_FILTERS.map((filter) => [filter, 1])) as never,
      next: () => ROW,
      slice: () => Promise.resolve({ rows: [ROW], keys: ['k'], place: 0, total: 1, seq: 7 }),
      choices: () => Promise.resolve(Object.fromEntries(NARROWING.map((name) => [name, []])) as never),
      export: () => Promise.resolve({ fileName: 'worklist.csv', csv: '', rows: 1, total: 1 }),
      print: () => Promise.resolve({ rows: [ROW], total: 1, atMs: 5 }),
      views: () => [],
      saveView: () => err({ code: 'too-many-views' }),
      deleteView: () => err({ code: 'view-not-found' }),
    },
    studies: {
      get: (_scope, studyId) => known(studyId, DETAIL),
      findByUid: () => [{ studyId: STUDY, studyUid: '1.2.3', revision: 2 }],
      findings: (_principal, studyId) => known(studyId, [AI_FINDING]),
      qualityRemarks: (_principal, studyId) => known(studyId, []),
      report: (_scope, studyId) => known(studyId, { studyId: STUDY, state: 'none', signedAtMs: null }),
      keyImages: (_scope, studyId) => known(studyId, { studyId: STUDY, marks: [] }),
      setKeyImage: () => err({ code: 'image-not-found' }),
      decideFinding: () => err({ code: 'finding-not-found' }),
      timeline: (_principal, studyId) => Promise.resolve(known(studyId, [{ ...entry }])),
      open: (_principal, studyId) => (studyId === STUDY ? ok(ROW) : err({ code: 'study-not-found' })),
      requestCommitment: (_principal, studyId) =>
        err({ code: studyId === STUDY ? 'peer-not-callable' : 'study-not-found' }),
      recall: (_principal, studyId) => err({ code: studyId === STUDY ? 'study-is-here' : 'study-not-found' }),
      promote: (_principal, studyId) => err({ code: studyId === STUDY ? 'already-new' : 'study-not-found' }),
      findOverlay: (_principal, findingId, overlay) =>
        Promise.resolve(
          findingId === FINDING && overlay === 'mask-1' ? { studyId: STUDY, gzip: gzipSync(MASK) } : null,
        ),
    },
    runs: {
      list: (_scope, studyId) => (studyId === STUDY ? [] : null),
      models: (_scope, studyId) => Promise.resolve(studyId === STUDY ? [] : null),
      get: () => null,
      receipt: () => err({ code: 'run-not-found' }),
      check: () => err({ code: 'run-not-found' }),
      replay: () => err({ code: 'provider-not-proven' }),
      replays: () => null,
    },
    analyses: {
      ask: () => err({ code: 'idempotency-key-reused' }),
      get: () => null,
      list: (_scope, studyId) => (studyId === STUDY ? [] : null),
    },
    deliveries: {
      list: () => [],
      send: () => err({ code: 'peer-not-callable' }),
      retry: () => err({ code: 'delivery-not-found' }),
      cancel: () => err({ code: 'delivery-not-found' }),
    },
    quarantine: {
      list: () => ({ entries: [], next: null, held: [] }),
      get: () => Promise.resolve(null),
      retry: () => Promise.resolve(err({ code: 'quarantined-not-found' })),
      release: () => Promise.resolve(err({ code: 'quarantined-not-found' })),
      discard: () => err({ code: 'quarantined-not-found' }),
      settleStudy: () => Promise.resolve(err({ code: 'study-not-found' })),
      takeBack: () => err({ code: 'quarantined-not-found' }),
      openFile: () => Promise.resolve(err({ code: 'quarantined-not-found' })),
    },
    identity: {
      study: () => null,
      findPatients: () => [],
      move: () => err({ code: 'study-not-found' }),
      split: () => err({ code: 'study-not-found' }),
      merge: () => err({ code: 'patient-not-found' }),
      hide: () => err({ code: 'study-not-found' }),
      confirm: () => err({ code: 'study-not-found' }),
      undo: () => err({ code: 'change-not-found' }),
      corrections: () => ({ corrections: [], next: null }),
    },
    audit: {
      events: () =>
        Promise.resolve({ events: [{ ...entry, studyId: STUDY, correlationId: 'c', hash: '00' }], next: null }),
      verify: () =>
        Promise.resolve({
          outcome: 'intact',
          events: 1,
          headSeq: 1,
          headHash: '00',
          erasedPayloads: 0,
          checkpoints: { count: 0, lastSeq: null, lastAtMs: null },
          faults: [],
          tookMs: 1,
        }),
    },
    keeping: {
      cache: () =>
        Promise.resolve({
          ...{ policy: null, because: null, bytes: 0, studies: 0, evicted: 0, lastRun: null },
          disk: { freeBytes: 1, totalBytes: 2, state: 'enough', lowBytes: 1, refuseBytes: 1, fullBytes: 1 },
        }),
      leaving: () => Promise.resolve({ studies: [], next: null }),
      holds: () => [],
      hold: (_principal, studyId) => (studyId === STUDY ? ok(null) : err({ code: 'study-not-found' })),
      releaseHold: (_principal, studyId) =>
        err({ code: studyId === STUDY ? 'held-by-the-station' : 'study-not-found' }),
      rules: () => ({ rules: [], isRunning: false, keepDiscardedDays: 30, keepRecordsDays: 90 }),
      preview: () => Promise.resolve({ studies: [], next: null }),
      run: () => ok(null),
    },
    objects: {
      state: () => ({
        ...{ verification: null, lastVerification: null, keys: 1, rotation: null, damaged: 0 },
        ...{ keyMadeAtMs: 0, verifyEveryDays: 30, isOfStation: true },
      }),
      damaged: () => [],
      fetchAgain: (_principal, studyId) => err({ code: studyId === STUDY ? 'study-is-sound' : 'study-not-found' }),
      verify: () => err({ code: 'verification-running' }),
      rotateKeys: () => err({ code: 'rotation-running' }),
    },
    station: {
      status: () => ({
        version: '0.0.0-test',
        demo: false,
        nowMs: 0,
        dicomIn: {
          state: 'closed',
          aeTitle: 'WETREAD',
          port: 0,
          associations: 0,
          receivedLastHour: 0,
          lastReceivedAtMs: null,
        },
        hl7In: { state: 'not-configured' },
        destinations: [],
        inference: {
          state: 'ready',
          wanted: ['cpu'],
          provider: 'cpu',
          used: ['cpu'],
          elsewhere: 0,
          queued: 0,
          running: 0,
          models: 1,
        },
        disk: { freeBytes: 1, totalBytes: 2, state: 'enough' },
        objects: { damaged: 0, verification: null, lastVerifiedAtMs: null, rotation: null },
        unopenedCritical: 0,
        unopenedCriticalIds: [],
        readersSignedIn: 0,
        reasons: [],
      }),
    },
    peers: {
      list: () => [],
      query: () => Promise.resolve(ok({ studies: [], isWhole: true })),
      echo: () => Promise.resolve(err({ code: 'peer-unreachable' })),
    },
    retrievals: {
      list: () => [],
      start: () => err({ code: 'peer-not-found' }),
      cancel: () => err({ code: 'retrieval-has-ended' }),
    },
    imports: {
      list: () => ({ imports: [], folders: [] }),
      get: () => null,
      start: () => Promise.resolve(err({ code: 'too-many-imports' })),
      finish: () => err({ code: 'import-has-ended' }),
      cancel: () => err({ code: 'import-has-ended' }),
      resume: () => Promise.resolve(err({ code: 'import-is-whole' })),
      browse: () => Promise.resolve(ok({ entries: [], files: 0 })),
      upload: () => Promise.resolve(err({ code: 'import-not-found' })),
    },
    exports: {
      list: () => ({ exports: [], folders: [] }),
      start: () => Promise.resolve(err({ code: 'folder-not-found' })),
      cancel: () => err({ code: 'export-not-found' }),
      download: () => Promise.resolve(err({ code: 'study-not-found' })),
    },
    modelFigures: {
      overview: () => Promise.resolve({ models: [], limits: { leastShare: 0.95, days: 7, leastStudies: 20 } }),
      figures: () => Promise.resolve(null),
      drift: () => Promise.resolve(null),
      golden: () => null,
      card: () => Promise.resolve(null),
      runs: () => Promise.resolve(null),
    },
    models: {
      list: () => [],
      get: () => null,
      readers: () => [],
      history: () => null,
      step: () => err({ code: 'model-not-found' }),
      rollback: () => err({ code: 'model-not-found' }),
      suspend: () => err({ code: 'model-not-found' }),
      setUses: () => err({ code: 'model-not-found' }),
      chooseOperatingPoint: () => err({ code: 'model-not-found' }),
      signOperatingPoint: () => err({ code: 'model-not-found' }),
      acceptances: () => null,
      fixTargets: () => err({ code: 'model-not-found' }),
      acceptanceReport: () => Promise.resolve(err({ code: 'model-not-found' })),
      signAcceptance: () => Promise.resolve(err({ code: 'model-not-found' })),
      probe: () => err({ code: 'model-not-found' }),
      pilotPreview: () => Promise.resolve(null),
      refusedPackages: () => [],
      comparison: () => Promise.resolve(err({ code: 'model-not-found' })),
      discordances: () => Promise.resolve(err({ code: 'model-not-found' })),
      silentResults: () => Promise.resolve(null),
    },
    triage: {
      state: async () => ({
        ...{ policy: SHIPPED_POLICY.starting, isSigned: false, rules: [], policies: [], ruleSets: [] },
        ...{ failures: [], models: [] },
      }),
      proposePolicy: () => err({ code: 'rule-not-valid' }),
      proposeRules: () => ok({ version: 1 }),
      withdraw: () => err({ code: 'nothing-proposed' }),
      sign: () => err({ code: 'nothing-proposed' }),
      rollBack: () => err({ code: 'version-not-signed' }),
      checkRule: () => null,
      previewRules: () => Promise.resolve(err({ code: 'rule-not-valid' })),
      replay: () => Promise.resolve(err({ code: 'rule-not-valid' })),
      study: () => null,
      declare: () => err({ code: 'study-not-found' }),
    },
    routing: {
      state: () => ({
        ...{ set: NO_ROUTING, version: null, versions: [], people: [], readers: [], offered: [], overrides: [] },
        ...{ said: null, most: 200, leastMeasured: 40 },
      }),
      propose: () => err({ code: 'unknown-reader' }),
      preview: () => Promise.resolve(err({ code: 'unknown-reader' })),
      sayPresence: () => null,
      pin: () => err({ code: 'study-not-found' }),
      take: () => ok({ isAlready: false }),
      giveBack: () => err({ code: 'set-by-another' }),
      takeOut: () => err({ code: 'unknown-reader' }),
      endOverride: () => err({ code: 'override-not-found' }),
    },
    truths: {
      studies: () => Promise.resolve({ studies: [], next: null }),
      questions: () => null,
      record: () => err({ code: 'study-not-found' }),
    },
    dicomweb: {
      findStudies: () => Promise.resolve([]),
      findSeries: () => Promise.resolve([]),
      findInstances: () => Promise.resolve([]),
      listInstances: async () => [],
      isDamaged: () => false,
      isAway: () => false,
      objects: {
        read: () => Promise.reject(new Error('no objects here')),
        readRange: () => Promise.reject(new Error('no objects here')),
        sizeBytes: () => Promise.reject(new Error('no objects here')),
      },
      // Of whatever objects a test puts in; nothing in them is corrected, so no rows are asked.
      openForSending(stored) {
        return openForSending({ db: null as never, objects: this.objects }, stored, stored, 'system');
      },
      findMetadata: () => null,
      keepMetadata: () => undefined,
      async describePart(heads) {
        const read = heads.map(async (head) => {
          if ('bytes' in head) return head;
          const { digest, encoding, bodyOffset, length } = head;
          const bytes = await this.objects
            .readRange(digest, encoding, bodyOffset, length - bodyOffset)
            .catch(() => new Uint8Array(0));
          return { ...head, bytes };
        });
        return describePart({ folder: { root: '/nowhere', keys: [] }, heads: await Promise.all(read) });
      },
      explicitHead: (work) => Promise.resolve(explicitHead(work)),
      nativeFrame,
      renderImage,
      openStore: () => {
        throw new Error('nothing is stored here');
      },
    },
    health: () => ({ ready: true, reasons: [] }),
    ...changes,
  };
}
