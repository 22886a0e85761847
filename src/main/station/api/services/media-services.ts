import type { ExportCard, ImportCard, ImportSummary } from '../../../../shared/contract/media.ts';
import type { StudyId } from '../../../../shared/domain/ids.ts';
import type { ExportForm } from '../../../../shared/domain/media.ts';
import { err, ok, type Result } from '../../../../shared/domain/result.ts';
import { actorOf, findSite, type Principal } from '../../access/index.ts';
import {
  type Export,
  type ExportMember,
  type ExportWorker,
  findImport,
  findStudyCard,
  findStudyIdByUid,
  type FolderView,
  type Import,
  type ImportWorker,
  listExports,
  listImportedStudies,
  listImportRefusals,
  listImports,
  type UploadedFile,
} from '../../archive/index.ts';
import type { ReadableDb } from '../../platform/store/database.ts';
import { keyObjectsOf } from '../../reading/index.ts';
import type { Readers } from './readers.ts';
import { findStudyFace, nameActor } from './study-face.ts';

/** Which of a study is to leave: the series of these UIDs, or all of it. */
export type ExportQuestion = {
  readonly studyId: StudyId;
  readonly form: ExportForm;
  readonly series?: readonly string[] | undefined;
};

type Coded = { readonly code: string };

/** What bringing in and taking out files offers the api. */
export type MediaServices = {
  readonly imports: {
    list(principal: Principal, limit: number): { imports: ImportCard[]; folders: string[] };
    get(principal: Principal, importId: string): ImportSummary | null;
    start(principal: Principal, from: Parameters<ImportWorker['begin']>[1]): Promise<Result<ImportCard, Coded>>;
    finish(principal: Principal, importId: string): Result<ImportCard, Coded>;
    cancel(principal: Principal, importId: string): Result<ImportCard, Coded>;
    resume(principal: Principal, importId: string): Promise<Result<ImportCard, Coded>>;
    browse(folder: string, path: string): Promise<Result<FolderView, Coded>>;
    /** Takes one file as it comes. Throws what its source throws. */
    upload(
      principal: Principal,
      importId: string,
      name: string,
      bytes: AsyncIterable<Uint8Array>,
    ): Promise<Result<UploadedFile, Coded>>;
  };
  readonly exports: {
    list(principal: Principal, limit: number): { exports: ExportCard[]; folders: string[] };
    start(principal: Principal, question: ExportQuestion, folder: string): Promise<Result<ExportCard, Coded>>;
    cancel(principal: Principal, exportId: string): Result<ExportCard, Coded>;
    /** The files of a download under a name without anything of the patient; recorded before they are read. */
    download(
      principal: Principal,
      question: ExportQuestion,
    ): Promise<Result<{ readonly name: string; readonly members: AsyncIterable<ExportMember> }, Coded>>;
  };
};

/** What media stand on. */
export type MediaTools = {
  readonly db: ReadableDb;
  readonly readers: Readers;
  readonly imports: ImportWorker;
  readonly exports: ExportWorker;
};

/** Binds imports and exports to the archive's workers. */
export function mediaServices({ db, readers, imports, exports }: MediaTools): MediaServices {
  const importCard = (one: Import): ImportCard => {
    const { importId, source, place, state, code, studies, startedAtMs, endedAtMs } = one;
    const { found, stored, duplicates, quarantined, notDicom, failed } = one;
    const counts = { found, stored, duplicates, quarantined, notDicom, failed };
    const askedBy = nameActor(db, one.askedBy);
    return { importId, source, place, state, code, counts, studies, askedBy, startedAtMs, endedAtMs };
  };
  const exportCard = ({ siteId: _site, askedByKind: _kind, studyId, ...one }: Export): ExportCard => ({
    ...one,
    askedBy: nameActor(db, one.askedBy),
    study: findStudyFace(db, studyId),
  });
  const cardOf = <Row, Card, Failure extends Coded>(
    outcome: Result<Row, Failure>,
    card: (row: Row) => Card,
  ): Result<Card, Failure> => (outcome.ok ? ok(card(outcome.value)) : outcome);
  const importer = (principal: Principal) => ({ siteId: principal.siteId, actor: actorOf(principal) });

  async function ask(principal: Principal, { studyId, form, series }: ExportQuestion) {
    const study = findStudyCard(db, studyId);
    if (study === null || study.siteId !== principal.siteId) return null;
    const keys = { studyUids: [study.studyUid], ...(series !== undefined && { seriesUids: series }) };
    const paths = await readers.run('find-outgoing', { siteIds: [principal.siteId], keys });
    // What readers marked goes with the images that can leave.
    const leaving = new Set(paths.filter(({ stored }) => stored !== null).map(({ sopUid }) => sopUid));
    const zone = findSite(db, study.siteId)?.zone ?? 'Etc/UTC';
    const written = keyObjectsOf(db, { studyId, zone, leaving });
    return { siteId: principal.siteId, studyId, form, paths, written, actor: actorOf(principal) };
  }

  return {
    imports: {
      list: ({ siteId }, limit) => ({
        imports: listImports(db, siteId, limit).map(importCard),
        folders: [...imports.folders],
      }),
      get({ siteId }, importId) {
        const known = findImport(db, siteId, importId);
        if (known === null) return null;
        return {
          ...importCard(known),
          taken: listImportedStudies(db, importId).map((study) => ({
            ...study,
            study: findStudyFace(db, findStudyIdByUid(db, siteId, study.studyUid)),
          })),
          refused: [...listImportRefusals(db, importId)],
        };
      },
      start: async (principal, from) => cardOf(await imports.begin(importer(principal), from), importCard),
      finish: ({ siteId }, importId) => cardOf(imports.finish(siteId, importId), importCard),
      cancel: (principal, importId) => cardOf(imports.cancel(importer(principal), importId), importCard),
      resume: async (principal, importId) => cardOf(await imports.resume(importer(principal), importId), importCard),
      browse: (folder, path) => imports.browse(folder, path),
      upload: ({ siteId }, importId, name, bytes) => imports.upload(siteId, importId, name, bytes),
    },
    exports: {
      list: ({ siteId }, limit) => ({
        exports: listExports(db, siteId, limit).map(exportCard),
        folders: [...exports.folders],
      }),
      async start(principal, question, folder) {
        const request = await ask(principal, question);
        if (request === null) return err({ code: 'study-not-found' });
        return cardOf(exports.begin(request, folder), exportCard);
      },
      cancel: (principal, exportId) =>
        cardOf(exports.cancel(principal.siteId, exportId, actorOf(principal)), exportCard),
      async download(principal, question) {
        const request = await ask(principal, question);
        if (request === null) return err({ code: 'study-not-found' });
        const members = exports.download(request);
        return members.ok ? ok({ name: `study-${question.studyId.slice(-12)}`, members: members.value }) : members;
      },
    },
  };
}
