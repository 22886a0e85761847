import { z } from 'zod';
import { StudyId } from '../domain/ids.ts';
import { RetrievalCode, RetrievalState } from '../domain/retrieval.ts';
import { BACKGROUND, procedure } from './procedure.ts';

/** A walk over every stored object: reading each, or bringing each under a new key. */
export const ObjectWalk = z.object({
  kind: z.enum(['verify', 'rewrap', 'reseal']),
  state: z.enum(['running', 'finished']),
  /** Done so far, or in all. */
  objects: z.number().int(),
  bytes: z.number().int(),
  /** Of them damaged, or not brought over. */
  faults: z.number().int(),
  startedAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
});
export type ObjectWalk = z.infer<typeof ObjectWalk>;

/** How the objects at rest are: the walk that reads them now and the last one that ended, the keys, what is damaged. */
export const ObjectsState = z.object({
  verification: ObjectWalk.nullable(),
  lastVerification: ObjectWalk.nullable(),
  /** Keys held; more than one while a rotation goes on, or where some object did not come through. */
  keys: z.number().int(),
  /** When the key that seals now was made. */
  keyMadeAtMs: z.number(),
  /** Days after which every object is read again by itself. */
  verifyEveryDays: z.number(),
  /** The caller may begin walks and rotate keys: the store is the main site's. */
  isOfStation: z.boolean(),
  rotation: ObjectWalk.nullable(),
  /** Of the caller's sites; of all of them for who sees the main one. */
  damaged: z.number().int(),
});
export type ObjectsState = z.infer<typeof ObjectsState>;

/** An image whose bytes cannot be had; sent here again by anybody it heals by itself. */
export const DamagedImage = z.object({
  studyId: StudyId,
  studyUid: z.string(),
  seriesUid: z.string(),
  sopUid: z.string(),
  foundAtMs: z.number(),
  modality: z.string(),
  /** The last time its study was fetched again for it; null: nobody could be asked yet. */
  fetched: z
    .object({
      aeTitle: z.string().nullable(),
      state: RetrievalState,
      code: RetrievalCode.nullable(),
      completed: z.number().int(),
      expected: z.number().int().nullable(),
      requestedAtMs: z.number(),
    })
    .nullable(),
});
export type DamagedImage = z.infer<typeof DamagedImage>;

export const objects = {
  state: procedure('objects.manage', BACKGROUND).route({ method: 'GET', path: '/objects' }).output(ObjectsState),
  damaged: procedure('objects.manage', BACKGROUND)
    .route({ method: 'GET', path: '/objects/damaged' })
    .output(z.array(DamagedImage)),
  /**
   * Fetches a study with damaged images again now, from who may have it and was not asked for longest. Conflicts:
   * `study-is-sound`, `nobody-to-ask`.
   */
  fetchAgain: procedure('objects.manage')
    .route({ method: 'POST', path: '/objects/damaged/{studyId}/retrievals', successStatus: 202 })
    .input(z.object({ studyId: StudyId }))
    .output(z.object({ retrievalId: z.string() })),
  /** The main site's: elsewhere the conflict `main-site-only`; `verification-running` while one goes on. */
  verify: procedure('objects.manage').route({ method: 'POST', path: '/objects/verify' }).output(ObjectWalk),
  /** The main site's: elsewhere the conflict `main-site-only`; `rotation-running` while one goes on. */
  rotateKeys: procedure('objects.manage')
    .route({ method: 'POST', path: '/objects/rotate-keys' })
    .input(z.object({ how: z.enum(['rewrap', 'reseal']) }))
    .output(ObjectWalk),
};
