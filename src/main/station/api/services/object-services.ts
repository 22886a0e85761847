import type { DamagedImage, ObjectWalk } from '../../../../shared/contract/objects.ts';
import { StudyId } from '../../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { actorOf, type Scope } from '../../access/index.ts';
import {
  countDamagedAt,
  findFetchAgain,
  findPeerTitle,
  type IntegrityWorker,
  listDamaged,
  refetchDamaged,
  type RetrievalWorker,
} from '../../archive/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { KeptObjectKeys } from '../../platform/objects/object-keys.ts';
import { latestPass, type ObjectPass } from '../../platform/objects/passes.ts';
import { countDamaged } from '../../platform/objects/records.ts';
import type { KeyRotation } from '../../platform/objects/rotate-keys.ts';
import type { ReadableDb, WritableDb } from '../../platform/store/database.ts';
import type { StationServices } from '../services.ts';

/** What keeps watch over stored objects, as the api offers it. */
export type ObjectServiceTools = {
  readonly db: WritableDb;
  readonly clock: Clock;
  readonly keys: Pick<KeptObjectKeys, 'ids' | 'madeAtMs'>;
  readonly integrity: Pick<IntegrityWorker, 'verify'>;
  readonly rotation: Pick<KeyRotation, 'rotate' | 'latest'>;
  readonly retrievals: Pick<RetrievalWorker, 'notify'>;
  readonly verifyEveryDays: number;
  /** Whose administrators are the station's. */
  readonly mainSiteId: string;
};

const MAIN_SITE_ONLY = err({ code: 'main-site-only' });

/**
 * The services over the objects at rest. All sites share one store: what reads or seals all of it is the main site's to start,
 * and others see how it goes, and what is damaged of their own.
 */
export function objectServices(tools: ObjectServiceTools): StationServices['objects'] {
  const { db, clock, keys, integrity, rotation, retrievals, mainSiteId, verifyEveryDays } = tools;
  const isOfStation = ({ siteIds }: Scope) => siteIds.some((siteId) => siteId === mainSiteId);
  const walkOrNull = (pass: ObjectPass | null) => (pass === null ? null : toWalk(pass));
  const walkOf = <Code extends string>(started: Result<ObjectPass, { code: Code }>) =>
    started.ok ? ok(toWalk(started.value)) : started;
  return {
    state: (scope) => ({
      verification: walkOrNull(latestPass(db, 'verify', 'running')),
      lastVerification: walkOrNull(latestPass(db, 'verify', 'finished')),
      keys: keys.ids().length,
      keyMadeAtMs: keys.madeAtMs(),
      verifyEveryDays,
      isOfStation: isOfStation(scope),
      rotation: walkOrNull(rotation.latest()),
      damaged: isOfStation(scope) ? countDamaged(db) : countDamagedAt(db, scope.siteIds),
    }),
    damaged({ siteIds }) {
      const damaged = siteIds.flatMap((siteId) => listDamaged(db, siteId));
      const studies = new Set(damaged.map(({ studyId }) => studyId));
      const fetched = new Map([...studies].map((studyId) => [studyId, lastFetch(db, studyId)]));
      return damaged.map(({ studyId, studyUid, seriesUid, sopUid, modality, foundAtMs }) => ({
        ...{ studyId: StudyId.parse(studyId), studyUid, seriesUid, sopUid, modality, foundAtMs },
        fetched: fetched.get(studyId) ?? null,
      }));
    },
    fetchAgain(principal, studyId) {
      const { siteId } = principal;
      const asked = refetchDamaged(db, { siteId, studyId, actor: actorOf(principal), atMs: clock.nowMs() });
      if (!asked.ok) return asked;
      retrievals.notify();
      return ok({ retrievalId: asked.value.retrievalId });
    },
    verify: (principal) => (isOfStation(principal) ? walkOf(integrity.verify(actorOf(principal))) : MAIN_SITE_ONLY),
    rotateKeys: (principal, how) =>
      isOfStation(principal) ? walkOf(rotation.rotate(how, actorOf(principal))) : MAIN_SITE_ONLY,
  };
}

function lastFetch(db: ReadableDb, studyId: string): DamagedImage['fetched'] {
  const fetch = findFetchAgain(db, studyId, 'damaged-here');
  if (fetch === null) return null;
  const { peerId, state, code, completed, expected, requestedAtMs } = fetch;
  return { aeTitle: findPeerTitle(db, peerId), state, code, completed, expected, requestedAtMs };
}

function toWalk({ kind, state, objects, bytes, faults, startedAtMs, finishedAtMs }: ObjectPass): ObjectWalk {
  return { kind, state, objects, bytes, faults, startedAtMs, finishedAtMs };
}
