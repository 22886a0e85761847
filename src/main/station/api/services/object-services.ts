import type { ObjectWalk } from '../../../../shared/contract/objects.ts';
import { StudyId } from '../../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { actorOf, type Scope } from '../../access/index.ts';
import { countDamagedAt, type IntegrityWorker, listDamaged } from '../../archive/index.ts';
import type { ObjectKeys } from '../../platform/objects/object-keys.ts';
import { latestPass, type ObjectPass } from '../../platform/objects/passes.ts';
import { countDamaged } from '../../platform/objects/records.ts';
import type { KeyRotation } from '../../platform/objects/rotate-keys.ts';
import type { ReadableDb } from '../../platform/store/database.ts';
import type { StationServices } from '../services.ts';

/** What keeps watch over stored objects, as the api offers it. */
export type ObjectServiceTools = {
  readonly db: ReadableDb;
  readonly keys: Pick<ObjectKeys, 'ids'>;
  readonly integrity: Pick<IntegrityWorker, 'verify'>;
  readonly rotation: Pick<KeyRotation, 'rotate' | 'latest'>;
  /** Whose administrators are the station's. */
  readonly mainSiteId: string;
};

const MAIN_SITE_ONLY = err({ code: 'main-site-only' });

/**
 * The services over the objects at rest. All sites share one store: what reads or seals all of it is the main site's to start,
 * and others see how it goes, and what is damaged of their own.
 */
export function objectServices(tools: ObjectServiceTools): StationServices['objects'] {
  const { db, keys, integrity, rotation, mainSiteId } = tools;
  const isOfStation = ({ siteIds }: Scope) => siteIds.some((siteId) => siteId === mainSiteId);
  const walkOrNull = (pass: ObjectPass | null) => (pass === null ? null : toWalk(pass));
  const walkOf = <Code extends string>(started: Result<ObjectPass, { code: Code }>) =>
    started.ok ? ok(toWalk(started.value)) : started;
  return {
    state: (scope) => ({
      verification: walkOrNull(latestPass(db, 'verify', 'running')),
      lastVerification: walkOrNull(latestPass(db, 'verify', 'finished')),
      keys: keys.ids().length,
      rotation: walkOrNull(rotation.latest()),
      damaged: isOfStation(scope) ? countDamaged(db) : countDamagedAt(db, scope.siteIds),
    }),
    damaged: ({ siteIds }) =>
      siteIds
        .flatMap((siteId) => listDamaged(db, siteId))
        .map(({ studyId, studyUid, seriesUid, sopUid, foundAtMs }) => ({
          ...{ studyId: StudyId.parse(studyId), studyUid, seriesUid, sopUid, foundAtMs },
        })),
    verify: (principal) => (isOfStation(principal) ? walkOf(integrity.verify(actorOf(principal))) : MAIN_SITE_ONLY),
    rotateKeys: (principal, how) =>
      isOfStation(principal) ? walkOf(rotation.rotate(how, actorOf(principal))) : MAIN_SITE_ONLY,
  };
}

function toWalk({ kind, state, objects, bytes, faults, startedAtMs, finishedAtMs }: ObjectPass): ObjectWalk {
  return { kind, state, objects, bytes, faults, startedAtMs, finishedAtMs };
}
