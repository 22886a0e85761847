import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openWriter, type WritableDb } from '../../src/main/station/platform/store/database.ts';
import { putRow } from '../../src/main/station/worklist/put-row.ts';
import { foldForSearch } from '../../src/main/station/worklist/search-text.ts';
import type { WorklistRow } from '../../src/shared/contract/worklist.ts';
import { DAY_MS, HOUR_MS } from '../../src/shared/domain/durations.ts';
import { familyBirthKey, nameKey } from '../../src/shared/domain/person-name.ts';
import { URGENCY_LEVELS } from '../../src/shared/domain/urgency.ts';

/** The same numbers in the same order every time (a linear congruence, Numerical Recipes). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

const SYLLABLES = 'ka mo ri ta ne schu mu ber lin son gar del to ha wi an el is ja pe ro st ein er ov ski'.split(' ');
const EAST = [
  ['Yamada', 'Tarou', '山田', '太郎'],
  ['Wang', 'XiaoDong', '王', '小东'],
  ['Hong', 'Gildong', '洪', '吉洞'],
] as const;
const EXAMS = [
  ['CT', 'CT head without contrast', 'HEAD'],
  ['CT', 'CT chest pulmonary angiogram', 'CHEST'],
  ['DX', 'XR chest two views', 'CHEST'],
  ['MR', 'MR brain with and without contrast', 'BRAIN'],
  ['US', 'US abdomen complete', 'ABDOMEN'],
  ['MG', 'Mammography screening bilateral', 'BREAST'],
  ['CT', 'CT abdomen pelvis with contrast', 'ABDOMEN'],
  ['DX', 'XR hand right', 'HAND'],
  ['PT', 'PET CT whole body', 'WHOLEBODY'],
  ['MR', 'MR knee left', 'KNEE'],
] as const;
/** How many rows a commit holds. */
const BATCH = 5_000;

/** Opens the database of a stopped station for writing, with the key from its vault. */
export function openStopped(data: string): WritableDb {
  const key = Buffer.from(readFileSync(path.join(data, 'vault/database.key'), 'utf8').trim(), 'hex');
  const opened = openWriter(path.join(data, 'wetread.db'), key);
  if (!opened.ok) throw new Error(opened.error.code);
  return opened.value;
}

/**
 * Fills a stopped station's lists: open rows by the capability's own way of storing a row, one by one; the archived as
 * copies of those rows with numbers, dates and ids of their own, put in by SQL together with what the search has of them.
 * No study stands behind any of them: they are listed, sorted, narrowed and found, and cannot be opened.
 */
export function fillLists(db: WritableDb, open: number, archived: number): void {
  db.pragma('synchronous = OFF');
  const siteId = String(db.prepare('SELECT site_id FROM sites LIMIT 1').pluck().get());
  const next = numbers(42);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item;
  const word = (syllables: number) => {
    const text = Array.from({ length: syllables }, () => pick(SYLLABLES)).join('');
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
  const families = Array.from({ length: 20_000 }, () => word(2 + Math.floor(next() * 2)));
  const given = Array.from({ length: 2_000 }, () => word(2));
  const now = Date.now();
  for (let from = 0; from < open; from += BATCH) {
    db.exec('BEGIN');
    for (let index = from; index < Math.min(open, from + BATCH); index += 1) putOne(index);
    db.exec('COMMIT');
  }
  const COPY = copyOf(db, open);
  for (let from = open; from < open + archived; from += open) {
    const count = Math.min(open, open + archived - from);
    db.exec('BEGIN');
    for (const sql of COPY) db.prepare(sql).run({ from, count });
    db.exec('COMMIT');
  }
  db.pragma('wal_checkpoint(TRUNCATE)');

  function putOne(index: number): void {
    const [modality, description, bodyPart] = pick(EXAMS);
    const east = next() < 0.05 ? pick(EAST) : null;
    const name = east === null ? `${pick(families)}^${pick(given)}` : `${east[0]}^${east[1]}=${east[2]}^${east[3]}`;
    const birthYear = 1930 + Math.floor(next() * 90);
    const birthDateRaw = `${birthYear}0${1 + Math.floor(next() * 9)}1${Math.floor(next() * 9)}`;
    const dice = next();
    const rank = dice < 0.002 ? 0 : dice < 0.03 ? 1 : 2;
    const receivedAtMs = now - Math.floor(next() * 3 * DAY_MS);
    const isOpened = next() < 0.3;
    const aiState = pick(['no-flag', 'no-flag', 'no-flag', 'no-model', 'not-run', 'waiting'] as const);
    const mrn = String(1_000_000 + Math.floor(next() * 9_000_000));
    const accession = `ACC${20_000_000 + index}`;
    const dateRaw = new Date(receivedAtMs).toISOString().slice(0, 10).replaceAll('-', '');
    const studyId = `019a0000-0000-7000-8000-${index.toString(16).padStart(12, '0')}` as WorklistRow['studyId'];
    const patientId =
      `019a0000-0000-7000-9000-${index.toString(16).padStart(12, '0')}` as WorklistRow['patient']['patientId'];
    const inPacs = pick(['committed', 'committed', 'committed', 'not-yet'] as const);
    const row: WorklistRow = {
      ...{ studyId, studyUid: `1.2.826.0.1.${index}`, revision: 1, intent: 'new', intentBecause: null, accession },
      patient: {
        ...{ patientId, name, birthDateRaw, sex: pick(['F', 'M']), mrn, issuer: null },
        nameAlert: false,
        underInvestigation: false,
      },
      exam: { description, modality, bodyPart, laterality: null, dateRaw, timeRaw: '101500' },
      ...{
        orderPriority: null,
        urgency: {
          level: URGENCY_LEVELS[rank] ?? 'routine',
          standing: rank === 2 ? 'ordinary' : 'suspected',
          raises: rank === 2 ? 0 : 1,
        },
      },
      ...{
        serviceLevel: 'outpatient',
        openByAtMs: null,
        reportByAtMs: receivedAtMs + DAY_MS,
        receivedAtMs,
        completeAtMs: receivedAtMs,
      },
      images: { received: 120, expected: null, completeness: 'complete', marks: [] },
      ai:
        aiState === 'not-run'
          ? { state: 'not-run', reason: 'no-eligible-series' }
          : aiState === 'no-flag'
            ? { state: 'no-flag', readSeries: 1, eligibleSeries: 1 }
            : { state: aiState },
      ...{
        inPacs,
        priors: 1,
        openedBy: null,
        openAgain: [],
        report: 'none',
        routed: null,
        reasons: [{ code: 'no-order-matched', params: {} }],
        quarantined: 0,
      },
    };
    putRow(db, {
      ...{ studyId, siteId, rank, dueAtMs: receivedAtMs + (rank === 0 ? HOUR_MS : DAY_MS), receivedAtMs },
      ...{
        nameOrder: foldForSearch(name),
        examOrder: foldForSearch(`${modality} ${description}`),
        examAt: `${dateRaw}101500`,
      },
      ...{
        nameKey: nameKey(name),
        familyBirthKey: familyBirthKey(name, birthDateRaw),
        patientId,
        intent: 'new',
        isOpened: isOpened ? 1 : 0,
      },
      ...{
        aiState,
        completeness: 'complete',
        inPacs,
        report: 'none',
        modality,
        bodyPart,
        serviceLevel: 'outpatient',
        orderPriority: '',
      },
      ...{ ageYears: Number(dateRaw.slice(0, 4)) - birthYear, readerId: '', routedTo: '', settled: null },
      search: {
        name: foldForSearch(name),
        number: foldForSearch(`${mrn} ${accession}`),
        exam: foldForSearch(`${description} ${modality} ${bodyPart}`),
      },
      row: JSON.stringify(row),
    });
  }
}

/** The statements that copy every open row once into the archive, numbered from a number on. */
function copyOf(db: WritableDb, open: number): readonly string[] {
  const columns = (db.pragma('table_info(archived_studies)') as { name: string }[]).map(({ name }) => name);
  const number = `(row_no - 1 + @from)`;
  const id = `printf('019b0000-0000-7000-8000-%012x', ${number})`;
  const other: Readonly<Record<string, string>> = {
    row_no: `row_no + ${open} + @from`,
    study_id: id,
    report: `'final'`,
    settled_as: `'final'`,
    settled_at_ms: `received_at_ms - ${number} * 60000`,
    search_text: `json_set(search_text, '$.number', printf('%d acc%d', 1000000 + (${number} * 7919) % 9000000, 20000000 + ${number}))`,
    row: `json_set(row, '$.studyId', ${id}, '$.report', 'final', '$.accession', printf('ACC%d', 20000000 + ${number}), '$.patient.mrn', printf('%d', 1000000 + (${number} * 7919) % 9000000))`,
  };
  const below = `row_no > ${open} + @from AND row_no <= ${open} + @from + @count`;
  return [
    `INSERT INTO archived_studies (${columns.join(', ')}) SELECT ${columns.map((name) => other[name] ?? name).join(', ')} FROM open_studies WHERE row_no <= @count`,
    `INSERT INTO archived_words (rowid, name, number, exam) SELECT row_no, search_text ->> 'name', search_text ->> 'number', search_text ->> 'exam' FROM archived_studies WHERE ${below}`,
    `INSERT INTO archived_fragments (rowid, name, number) SELECT row_no, search_text ->> 'name', search_text ->> 'number' FROM archived_studies WHERE ${below}`,
  ];
}
