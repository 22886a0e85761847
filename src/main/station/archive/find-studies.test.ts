import { afterAll, beforeAll, expect, test } from 'vitest';
import { nameTexts } from '../../../shared/domain/name-matching.ts';
import { makeSite } from '../access/index.ts';
import type { WritableDb } from '../platform/store/database.ts';
import { planOf } from '../platform/store/test-plan.ts';
import { openTestStore, type TestStore } from '../platform/store/test-store.ts';
import {
  findInstances,
  findSeries,
  findStudies,
  type InstanceKeys,
  listInstancesBelow,
  searchSql,
} from './find-studies.ts';

const STUDIES = 100_000;
const FAMILIES = ['Müller', 'Meyer', 'Schmidt', 'O’Brien', 'García', 'Nakamura', 'Jensen', 'Kowalski'];
let store: TestStore;
let db: WritableDb;
let site: string;

/** A hundred thousand studies of one series and two instances each, over ten years, of 20,000 patients. */
beforeAll(() => {
  store = openTestStore();
  db = store.db;
  site = makeSite(db, { code: 'north', name: 'North', zone: 'Etc/UTC', atMs: 0 }).siteId;
  db.function('name_texts', (raw: unknown) => {
    const { groups, words, sounds } = nameTexts(String(raw));
    return JSON.stringify(
      [
        ['group', groups],
        ['word', words],
        ['sound', sounds],
      ].flatMap(([kind, texts]) => (texts as string[]).map((text) => [kind, text])),
    );
  });
  const families = FAMILIES.map((family, index) => `WHEN ${index} THEN '${family}'`).join(' ');
  const numbers = `WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ${STUDIES})`;
  const fill = db.transaction(() => {
    db.exec(`
      INSERT INTO patients (patient_id, site_id, name, name_key) ${numbers}
        SELECT 'p' || n, '${site}', '', '' FROM n WHERE n < ${STUDIES / 5};
      INSERT INTO patient_identifiers (site_id, value, issuer, type, disputed_in, patient_id) ${numbers}
        SELECT '${site}', 'MR' || n, 'HOSPITAL', 'MR', '', 'p' || n FROM n WHERE n < ${STUDIES / 5};
      INSERT INTO studies (study_id, site_id, study_uid, patient_id, stated_name, correlation_id, intent, study_revision, accession, modality,
                           date_raw, time_raw, zone_source, received_at_ms, last_received_at_ms, completeness) ${numbers}
        SELECT 's' || n, '${site}', '1.2.' || n, 'p' || (n / 5), CASE (n / 5) % 8 ${families} END || (n % 1000) || '^Ann' || (n / 5), '', 'new', 2, 'A' || n, 'CT',
               strftime('%Y%m%d', '2016-01-01', '+' || (n / 28) || ' days'), '101500', 'site', n * 1000, n * 1000, 'complete' FROM n;
      INSERT INTO series (series_id, site_id, study_id, series_uid, modality, number) ${numbers}
        SELECT 'x' || n, '${site}', 's' || n, '1.2.' || n || '.1', CASE n % 50 WHEN 0 THEN 'MG' ELSE 'CT' END, 1 FROM n;
      INSERT INTO objects (digest, encoding, size_bytes, body_offset, stored_at_ms) VALUES ('d', 'plain', 1, 0, 0);
      INSERT INTO study_names (study_id, site_id, whose, kind, text)
        SELECT DISTINCT study_id, site_id, 'patient', t.value ->> 0, t.value ->> 1 FROM studies, json_each(name_texts(stated_name)) t;
    `);
    for (const at of [1, 2])
      db.exec(`
        INSERT INTO instances (instance_id, site_id, study_id, series_id, sop_uid) ${numbers}
          SELECT 'i' || n || '.${at}', '${site}', 's' || n, 'x' || n, '1.2.' || n || '.1.${at}' FROM n;
        INSERT INTO instance_versions (site_id, sop_uid, digest, is_current, instance_id, sop_class_uid, transfer_syntax_uid, number, frames,
                                       attributes, study_revision, received_at_ms) ${numbers}
          SELECT '${site}', '1.2.' || n || '.1.${at}', 'd', 1, 'i' || n || '.${at}', '1.2.3', '1.2.4', ${at}, 1, '{}', 1, 0 FROM n;
      `);
  });
  fill();
}, 120_000);
afterAll(() => store.close());

type Asked = readonly ['studies' | 'series' | 'instances', InstanceKeys, RegExp];

/** What each search walks; `TEMP B-TREE` for the few rows of the page is its last step only. */
test.each<Asked>([
  ['studies', {}, /SEARCH s USING (COVERING )?INDEX studies_in_order \(site_id=\?\)/],
  [
    'studies',
    { studyDate: { from: '20200101', to: '20200131' } },
    /SEARCH s USING INDEX studies_by_date \(site_id=\? AND date_raw>\? AND date_raw<\?\)/,
  ],
  [
    'studies',
    { studyUids: ['1.2.7'] },
    /SEARCH s USING INDEX sqlite_autoindex_studies_2 \(site_id=\? AND study_uid=\?\)/,
  ],
  ['studies', { accession: 'A7' }, /SEARCH s USING INDEX studies_by_accession \(site_id=\? AND accession=\?\)/],
  ['studies', { patientId: 'MR7' }, /SEARCH s USING INDEX studies_by_patient \(patient_id=\?\)/],
  [
    'studies',
    { patientName: 'meyer7*' },
    /SEARCH n USING (COVERING )?INDEX study_names_by_text \(site_id=\? AND whose=\? AND kind=\? AND text>\? AND text<\?\)/,
  ],
  [
    'studies',
    { patientName: 'ann7 meyer', fuzzyNames: true },
    /SEARCH n USING (COVERING )?INDEX study_names_by_text \(site_id=\? AND whose=\? AND kind=\? AND text>\? AND text<\?\)/,
  ],
  ['series', {}, /SEARCH s USING (COVERING )?INDEX studies_in_order \(site_id=\?\)/],
  ['series', { studyUids: ['1.2.7'] }, /SEARCH s USING INDEX sqlite_autoindex_studies_2/],
  ['series', { seriesUids: ['1.2.7.1'] }, /SEARCH x USING INDEX series_by_uid \(site_id=\? AND series_uid=\?\)/],
  ['instances', {}, /SEARCH s USING (COVERING )?INDEX studies_in_order \(site_id=\?\)/],
  ['instances', { studyUids: ['1.2.7'], seriesUids: ['1.2.7.1'] }, /SEARCH s USING INDEX sqlite_autoindex_studies_2/],
  [
    'instances',
    { sopUids: ['1.2.7.1.1'] },
    /SEARCH i USING INDEX sqlite_autoindex_instances_2 \(site_id=\? AND sop_uid=\?\)/,
  ],
  ['instances', { seriesUids: ['1.2.7.1'] }, /SEARCH x USING INDEX series_by_uid/],
])('%s by %j walk an index', (of, keys, index) => {
  const plan = planOf(db, searchSql(of, [site], keys)).join('\n');
  expect(plan).toMatch(index);
  expect(plan).not.toMatch(/SCAN (s|x|i|v|n|h)\b/);
});

test.each<readonly [string, 'studies' | 'series' | 'instances', InstanceKeys, number, number]>([
  ['the newest studies', 'studies', {}, 0, 100],
  ['studies far down', 'studies', {}, STUDIES - 50, 50],
  ['a day', 'studies', { studyDate: { from: '20200615', to: '20200615' } }, 0, 28],
  ['ten years', 'studies', { studyDate: { from: '20160101', to: null } }, 0, 100],
  [
    'a day, one modality',
    'studies',
    { studyDate: { from: '20200615', to: '20200615' }, modalitiesInStudy: ['CT'] },
    0,
    28,
  ],
  ['one modality', 'studies', { modalitiesInStudy: ['MG'] }, 0, 100],
  ['a number', 'studies', { patientId: 'MR77' }, 0, 5],
  ['numbers by wildcard', 'studies', { patientId: 'MR77?' }, 0, 50],
  ['an accession', 'studies', { accession: 'A4711' }, 0, 1],
  ['a name', 'studies', { patientName: 'MÜLLER40^*' }, 0, 100],
  ['a name in other letters', 'studies', { patientName: 'muller40^ANN8' }, 0, 1],
  ['an end of a name', 'studies', { patientName: '*^ann8' }, 0, 5],
  ['words of a name', 'studies', { patientName: 'ann9999, KOWALSKI995', fuzzyNames: true }, 0, 1],
  ['a modality nobody has', 'studies', { modalitiesInStudy: ['XX'] }, 0, 0],
  ['the newest series', 'series', {}, 0, 100],
  ['a series', 'series', { seriesUids: ['1.2.7.1'] }, 0, 1],
  ['the newest instances', 'instances', {}, 0, 100],
  ['an instance', 'instances', { sopUids: ['1.2.7.1.2'] }, 0, 1],
  ['instances of a study', 'instances', { studyUids: ['1.2.7'] }, 0, 2],
])('finds %s of a hundred thousand', (what, of, keys, offset, expected) => {
  const find = { studies: findStudies, series: findSeries, instances: findInstances }[of];
  find(db, [site], keys, { limit: 1, offset: 0 });
  const startedAt = performance.now();
  const found = find(db, [site], keys, { limit: 100, offset });
  console.error(`${what}: ${(performance.now() - startedAt).toFixed(1)} ms`);
  expect(found).toHaveLength(expected);
});

test('pages join without a gap or a repeat, newest first', () => {
  const pages = [0, 40, 80].flatMap((offset) => findStudies(db, [site], {}, { limit: 40, offset }));
  expect(pages.map(({ studyUid }) => studyUid)).toEqual(
    Array.from({ length: 120 }, (_, index) => `1.2.${STUDIES - 1 - index}`),
  );
});

test('what is hidden is not found, and where nothing is left neither is the study', () => {
  const [uid, keys] = ['1.2.500', { studyUids: ['1.2.500'] }];
  const page = { limit: 10, offset: 0 };
  const hide = (sopUid: string) => db.prepare('UPDATE instances SET is_hidden = 1 WHERE sop_uid = ?').run(sopUid);
  hide(`${uid}.1.1`);
  expect(findStudies(db, [site], keys, page)).toMatchObject([{ instances: 1, series: 1 }]);
  expect(findInstances(db, [site], keys, page).map(({ sopUid }) => sopUid)).toEqual([`${uid}.1.2`]);
  expect(listInstancesBelow(db, [site], { studyUid: uid }).map(({ sopUid }) => sopUid)).toEqual([`${uid}.1.2`]);
  hide(`${uid}.1.2`);
  expect([findStudies, findSeries, findInstances].map((find) => find(db, [site], keys, page))).toEqual([[], [], []]);
});
