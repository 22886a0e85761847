import type { ObjectWalk } from '../../../../shared/contract/objects.ts';
import { StudyId } from '../../../../shared/domain/ids.ts';
import { ok, type Result } from '../../../../shared/domain/result.ts';
import { actorOf } from '../../access/index.ts';
import { type IntegrityWorker, listDamaged } from '../../archive/index.ts';
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
};

/** The services over the objects at rest. */
export function objectServices({ db, keys, integrity, rotation }: ObjectServiceTools): StationServices['objects'] {
  const walkOrNull = (pass: ObjectPass | null) => (pass === null ? null : toWalk(pass));
  const walkOf = <Code extends string>(started: Result<ObjectPass, { code: Code }>) =>
    started.ok ? ok(toWalk(started.value)) : started;
  return {
    state: () => ({
      verification: walkOrNull(latestPass(db, 'verify', 'running')),
      lastVerification: walkOrNull(latestPass(db, 'verify', 'finished')),
      keys: keys.ids().length,
      rotation: walkOrNull(rotation.latest()),
      damaged: countDamaged(db),
    }),
    damaged: ({ siteIds }) =>
      siteIds
        .flatMap((siteId) => listDamaged(db, siteId))
        .map(({ studyId, studyUid, seriesUid, sopUid, foundAtMs }) => ({
          ...{ studyId: StudyId.parse(studyId), studyUid, seriesUid, sopUid, foundAtMs },
        })),
    verify: (principal) => walkOf(integrity.verify(actorOf(principal))),
    rotateKeys: (principal, how) => walkOf(rotation.rotate(how, actorOf(principal))),
  };
}

function toWalk({ kind, state, objects, bytes, faults, startedAtMs, finishedAtMs }: ObjectPass): ObjectWalk {
  return { kind, state, objects, bytes, faults, startedAtMs, finishedAtMs };
}
