import type { IdentityCorrection, PatientTarget } from '../../../../shared/contract/identity.ts';
import { SeriesId, StudyId } from '../../../../shared/domain/ids.ts';
import { err, ok } from '../../../../shared/domain/result.ts';
import { actorOf, type Principal } from '../../access/index.ts';
import {
  confirmIdentity,
  findPatient,
  findPatients,
  findSimilarPatients,
  findStatedByObjects,
  findStudyCard,
  hasLaterChange,
  hideObjects,
  type IdentityChange,
  listChanges,
  listChangesOf,
  listHidden,
  listInstances,
  listPriorIds,
  listSeries,
  listStudyIdsOf,
  mergePatients,
  moveStudy,
  splitStudy,
  undoIdentityChange,
} from '../../archive/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ReadableDb, WritableDb } from '../../platform/store/database.ts';
import { refreshRow } from '../../worklist/index.ts';
import type { StationServices } from '../services.ts';
import { findPatientIdentity, findStudyFace, nameActor, showPatient } from './study-face.ts';

const IDENTITY_CHANGED = err({ code: 'identity-changed' });

/** The identity area over the archive's verbs; each is refused where the patient is no longer as the page showed them. */
export function identityServices(db: WritableDb, clock: Clock): StationServices['identity'] {
  const by = (principal: Principal) => ({ siteId: principal.siteId, actor: actorOf(principal), atMs: clock.nowMs() });
  /** Whether the corrector saw the study's patient as they are now. */
  const isSeen = (principal: Principal, studyId: string, identityVersion: number) => {
    const study = findStudyCard(db, studyId);
    if (study === null || study.siteId !== principal.siteId) return true; // the verb says that it is not there
    return findPatient(db, study.patient.patientId)?.identityVersion === identityVersion;
  };
  /** Whether whom the corrector chose is as they saw them, and stands for themselves. */
  const isChosenSeen = (principal: Principal, to: PatientTarget | null) => {
    if (to === null || !('patientId' in to)) return true;
    const patient = findPatient(db, to.patientId);
    if (patient === null || patient.siteId !== principal.siteId) return true; // the verb says that they are not there
    return patient.mergedInto === null && patient.identityVersion === to.identityVersion;
  };
  const shown = (...studyIds: readonly string[]) => {
    for (const studyId of studyIds) refreshRow(db, studyId);
  };

  return {
    study(scope, studyId) {
      const study = findStudyCard(db, studyId);
      if (study === null || !scope.siteIds.some((siteId) => siteId === study.siteId)) return null;
      const face = findStudyFace(db, studyId);
      const patient = findPatientIdentity(db, study.patient.patientId);
      if (face === null || patient === null) return null;
      const bySeries = Map.groupBy(listInstances(db, studyId), ({ seriesId }) => seriesId);
      const { stated, splitFrom } = findStatedByObjects(db, studyId);
      return {
        study: face,
        patient,
        inDoubt: study.identityInDoubt,
        isConfirmable: study.isIdentityConfirmable,
        statedByObjects: stated,
        splitFrom: findStudyFace(db, splitFrom),
        series: listSeries(db, studyId).map(({ seriesId, seriesUid, number, description, modality }) => ({
          ...{ seriesUid, number, description, modality },
          seriesId: SeriesId.parse(seriesId),
          instances: (bySeries.get(seriesId) ?? []).map((one) => ({ sopUid: one.sopUid, number: one.number })),
        })),
        hidden: listHidden(db, studyId).map(({ sopUid, number, changeId, reason, level }) => ({
          ...{ sopUid, number, changeId, reason, level },
        })),
        others: listPriorIds(db, studyId).flatMap((id) => findStudyFace(db, id) ?? []),
        similar: findSimilarPatients(db, patient.patientId)
          .slice(0, 10)
          .map((one) => ({
            patient: showPatient(one),
            studies: facesOf(db, listStudyIdsOf(db, one.patientId).slice(0, 10)),
          })),
        corrections: listChangesOf(db, study.siteId, studyId).map((change) => showChange(db, change)),
      };
    },
    findPatients: (principal, text) => findPatients(db, principal.siteId, text).map(showPatient),
    move(principal, { studyId, identityVersion, to, reason }) {
      if (!isSeen(principal, studyId, identityVersion) || !isChosenSeen(principal, to)) return IDENTITY_CHANGED;
      const moved = moveStudy(db, { ...by(principal), studyId, to, reason });
      if (moved.ok) shown(studyId);
      return moved;
    },
    split(principal, { studyId, identityVersion, seriesIds, sopUids, to, reason }) {
      if (!isSeen(principal, studyId, identityVersion) || !isChosenSeen(principal, to)) return IDENTITY_CHANGED;
      const split = splitStudy(db, { ...by(principal), studyId, seriesIds, sopUids, to, reason });
      if (!split.ok) return split;
      const { changeId, newStudyId } = split.value;
      shown(studyId, newStudyId);
      return ok({ changeId, newStudyId: StudyId.parse(newStudyId) });
    },
    merge(principal, { fromPatientId, toPatientId, identityVersion, toIdentityVersion, reason }) {
      const from = findPatient(db, fromPatientId);
      if (from !== null && from.siteId === principal.siteId && from.identityVersion !== identityVersion)
        return IDENTITY_CHANGED;
      const to = { patientId: toPatientId, identityVersion: toIdentityVersion };
      if (fromPatientId !== toPatientId && !isChosenSeen(principal, to)) return IDENTITY_CHANGED;
      const merged = mergePatients(db, { ...by(principal), fromPatientId, toPatientId, reason });
      if (merged.ok) shown(...listStudyIdsOf(db, toPatientId));
      return merged;
    },
    hide(principal, { studyId, level, subjects, reason }) {
      const hidden = hideObjects(db, { ...by(principal), studyId, level, subjects, reason });
      if (hidden.ok) shown(studyId);
      return hidden;
    },
    confirm(principal, { studyId, identityVersion, reason }) {
      if (!isSeen(principal, studyId, identityVersion)) return IDENTITY_CHANGED;
      const confirmed = confirmIdentity(db, { ...by(principal), studyId, reason });
      if (confirmed.ok) shown(studyId);
      return confirmed;
    },
    undo(principal, changeId) {
      const undone = undoIdentityChange(db, { ...by(principal), changeId });
      if (!undone.ok) return undone;
      shown(...undone.value.studyIds);
      return ok({ studyIds: undone.value.studyIds.map((studyId) => StudyId.parse(studyId)) });
    },
    corrections(principal, { before, limit }) {
      const changes = listChanges(db, principal.siteId, before ?? null, limit);
      return {
        corrections: changes.map((change) => showChange(db, change)),
        next: changes.length === limit ? (changes.at(-1)?.changeSeq ?? null) : null,
      };
    },
  };
}

function facesOf(db: ReadableDb, studyIds: readonly string[]) {
  return studyIds.flatMap((studyId) => findStudyFace(db, studyId) ?? []);
}

function showChange(db: ReadableDb, change: IdentityChange): IdentityCorrection {
  const { changeId, kind, reason, madeAtMs, undoneAtMs, undoneBy, detail } = change;
  const merged = Array.isArray(detail.studyIds) ? (detail.studyIds as readonly string[]) : [];
  const named = [detail.studyId, detail.newStudyId].filter((id) => typeof id === 'string');
  return {
    ...{ changeId, kind, madeAtMs, undoneAtMs },
    reason: reason as IdentityCorrection['reason'],
    madeBy: nameActor(db, change.madeBy.id),
    undoneBy: undoneBy === null ? null : nameActor(db, undoneBy),
    mayUndo: undoneAtMs === null && !hasLaterChange(db, changeId),
    studies: facesOf(db, [...named, ...merged].slice(0, 10)),
    from: findPatientIdentity(db, detail.fromPatientId),
    to: findPatientIdentity(db, detail.toPatientId),
  };
}
