import type { Migration } from '../migrate.ts';

/** What lists are narrowed by, as the console's step has it behind each order. */
const NARROWED_BY =
  'site_id, intent, is_opened, ai_state, completeness, in_pacs, report, modality, body_part, service_level, order_priority, age_years, exam_at, reader_id';

/** What rows of a list are alike in, of all that lists are narrowed by: sets of values, without ages and days. */
const KIND =
  'intent, urgency_rank, is_opened, ai_state, completeness, in_pacs, report, modality, body_part, service_level, order_priority';
const kindOf = (row: 'old' | 'new'): string =>
  ['site_id', ...KIND.split(', ')].map((column) => `${row}.${column}`).join(', ');
const oneMore = (place: 'open' | 'archived'): string => `
  INSERT INTO worklist_kinds VALUES ('${place}', ${kindOf('new')}, 1) ON CONFLICT DO UPDATE SET rows = rows + 1;`;
const oneLess = (place: 'open' | 'archived'): string => `
  UPDATE worklist_kinds SET rows = rows - 1 WHERE (place, site_id, ${KIND}) = ('${place}', ${kindOf('old')});
  DELETE FROM worklist_kinds WHERE (place, site_id, ${KIND}) = ('${place}', ${kindOf('old')}) AND rows = 0;`;
const keepKinds = (place: 'open' | 'archived'): string => `
INSERT INTO worklist_kinds SELECT '${place}', site_id, ${KIND}, count(*) FROM ${place}_studies GROUP BY site_id, ${KIND};
CREATE TRIGGER ${place}_studies_kind_in AFTER INSERT ON ${place}_studies BEGIN ${oneMore(place)} END;
CREATE TRIGGER ${place}_studies_kind_out AFTER DELETE ON ${place}_studies BEGIN ${oneLess(place)} END;
CREATE TRIGGER ${place}_studies_kind_anew AFTER UPDATE ON ${place}_studies WHEN (${kindOf('old')}) IS NOT (${kindOf('new')})
 BEGIN ${oneLess(place)} ${oneMore(place)} END;`;

/** What opening a study means and who is to read it; a section for each capability. */
export const readingRoom: Migration = {
  name: 'reading-room',
  sql: `
-- triage, routing: whose study it is to read; a third kind of what a medical lead signs
CREATE TABLE triage_sets_anew (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  kind TEXT NOT NULL CHECK (kind IN ('policy', 'rules', 'routing')),
  version INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed', 'current', 'replaced', 'withdrawn')),
  body TEXT NOT NULL,
  restores INTEGER, -- the version that it brings back as it was
  reason TEXT NOT NULL,
  proposed_by TEXT NOT NULL REFERENCES users (user_id),
  proposed_at_ms INTEGER NOT NULL,
  signed_by TEXT REFERENCES users (user_id),
  signed_at_ms INTEGER,
  PRIMARY KEY (site_id, kind, version),
  CHECK ((state IN ('current', 'replaced')) = (signed_by IS NOT NULL)),
  CHECK ((signed_by IS NULL) = (signed_at_ms IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO triage_sets_anew SELECT site_id, kind, version, state, body, restores, reason, proposed_by, proposed_at_ms, signed_by, signed_at_ms FROM triage_sets;
DROP TABLE triage_sets;
ALTER TABLE triage_sets_anew RENAME TO triage_sets;
CREATE UNIQUE INDEX one_current_triage_set ON triage_sets (site_id, kind) WHERE state = 'current';
CREATE UNIQUE INDEX one_proposed_triage_set ON triage_sets (site_id, kind) WHERE state = 'proposed';
-- triage, routing: for whom each study is that routing has looked at, and why
CREATE TABLE study_routes (
  study_id TEXT PRIMARY KEY REFERENCES studies (study_id),
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  set_version INTEGER NOT NULL, -- by which its kind was looked up; 0: by none
  is_stale INTEGER NOT NULL CHECK (is_stale IN (0, 1)), -- something of it changed: its kind is looked up anew
  group_id TEXT, -- null: anyone's
  needs TEXT NOT NULL CHECK (json_valid(needs)), -- ids of skills
  follow_up_of TEXT, -- of a follow-up what it is alike in; null of all others
  points INTEGER NOT NULL,
  standing TEXT CHECK (standing IN ('suggested', 'assigned', 'pinned', 'offered')), -- null: not said yet
  reader_id TEXT REFERENCES users (user_id),
  reasons TEXT NOT NULL CHECK (json_valid(reasons)),
  since_ms INTEGER NOT NULL,
  open_until_ms INTEGER, -- not opened by then, it is offered to another
  passed TEXT NOT NULL CHECK (json_valid(passed)), -- who did not open it in time
  CHECK (standing IS NULL OR (standing = 'offered') = (reader_id IS NULL))
) STRICT;
CREATE INDEX study_routes_said ON study_routes (site_id, study_id) WHERE standing IS NOT NULL;
CREATE INDEX study_urgency_in_order ON study_urgency
 (site_id, level, max(coalesce(open_by_at_ms, report_by_at_ms, counts_from_ms + 86400000), coalesce(behind_due_at_ms, 0) + 1), study_id) WHERE is_waiting = 1;
-- triage, routing: what readers say of themselves until a moment
CREATE TABLE reader_presence (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  user_id TEXT NOT NULL REFERENCES users (user_id),
  state TEXT NOT NULL CHECK (state IN ('available', 'break', 'off')),
  until_ms INTEGER NOT NULL,
  PRIMARY KEY (site_id, user_id)
) STRICT, WITHOUT ROWID;
-- triage, routing: what people set against it for a time: a study to a reader, or a reader out
CREATE TABLE routing_overrides (
  override_id TEXT PRIMARY KEY,
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  study_id TEXT REFERENCES studies (study_id), -- null: the reader is out
  user_id TEXT NOT NULL REFERENCES users (user_id),
  reason TEXT NOT NULL,
  made_by TEXT NOT NULL REFERENCES users (user_id),
  made_at_ms INTEGER NOT NULL,
  until_ms INTEGER NOT NULL,
  ended_at_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX one_pin_of_a_study ON routing_overrides (study_id) WHERE ended_at_ms IS NULL AND study_id IS NOT NULL;
CREATE UNIQUE INDEX one_reader_out ON routing_overrides (site_id, user_id) WHERE ended_at_ms IS NULL AND study_id IS NULL;
CREATE INDEX routing_overrides_standing ON routing_overrides (site_id, until_ms) WHERE ended_at_ms IS NULL;
-- triage, routing: when readers opened what, kept for ninety days: how busy they are, and how fast they read
CREATE TABLE reader_openings (
  site_id TEXT NOT NULL REFERENCES sites (site_id),
  user_id TEXT NOT NULL REFERENCES users (user_id),
  opened_at_ms INTEGER NOT NULL,
  study_id TEXT NOT NULL REFERENCES studies (study_id),
  points INTEGER NOT NULL,
  PRIMARY KEY (site_id, user_id, opened_at_ms, study_id)
) STRICT, WITHOUT ROWID;
-- worklist: whose it is to read, for their own list
ALTER TABLE open_studies ADD COLUMN routed_to TEXT NOT NULL DEFAULT '';
ALTER TABLE archived_studies ADD COLUMN routed_to TEXT NOT NULL DEFAULT '';
CREATE INDEX open_studies_by_routing ON open_studies (routed_to, urgency_rank, due_at_ms, study_id) WHERE intent = 'new' AND is_opened = 0 AND routed_to <> '';
-- triage, reading, worklist: an opening holds for the images and the raises that the reader saw
ALTER TABLE study_urgency ADD COLUMN raises INTEGER NOT NULL DEFAULT 0; -- how often it was raised, or flagged as urgently as it stood
ALTER TABLE study_urgency ADD COLUMN seen_raises INTEGER NOT NULL DEFAULT 0; -- of those, what was known to who set its class with its images open
ALTER TABLE study_openings ADD COLUMN raises INTEGER NOT NULL DEFAULT 0; -- of those, what this reader saw
-- Of what stands above Routine now only the last raise is told apart: who opened it after that saw it. Of the open list alone, and of
-- everything where that is still to be built: what left the list stays away from it.
CREATE TABLE raised_before (study_id TEXT PRIMARY KEY, raised_at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO raised_before SELECT u.study_id, coalesce((
  SELECT max(a.asked_at_ms) FROM urgency_asks a
   WHERE a.study_id = u.study_id AND a.level = u.level AND (a.cause <> 'person' OR NOT EXISTS (
     SELECT 1 FROM study_openings o WHERE o.study_id = a.study_id AND o.user_id = a.source AND o.opened_at_ms <= a.asked_at_ms))), 0)
  FROM (SELECT study_id FROM open_studies WHERE intent = 'new'
        UNION ALL SELECT w.study_id FROM (SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM open_studies)) CROSS JOIN study_urgency w) s
  CROSS JOIN study_urgency u ON u.study_id = s.study_id WHERE u.level <> 'routine';
UPDATE study_urgency SET raises = 1, seen_raises = EXISTS (
  SELECT 1 FROM urgency_asks a JOIN study_openings o ON o.study_id = a.study_id AND o.user_id = a.source AND o.opened_at_ms <= a.asked_at_ms
   WHERE a.study_id = study_urgency.study_id AND a.cause = 'person'
     AND a.asked_at_ms >= (SELECT raised_at_ms FROM raised_before r WHERE r.study_id = study_urgency.study_id))
 WHERE study_id IN (SELECT study_id FROM raised_before);
UPDATE study_openings SET raises = 1
 WHERE study_id IN (SELECT study_id FROM raised_before)
   AND opened_at_ms > (SELECT raised_at_ms FROM raised_before r WHERE r.study_id = study_openings.study_id);
-- Of what was opened the limit of waiting lies behind: it would go up a class at once, for a wait that had ended.
UPDATE study_urgency SET is_waiting = 1, limit_at_ms = CASE is_waiting WHEN 1 THEN limit_at_ms END
 WHERE study_id IN (SELECT study_id FROM raised_before) AND raises > seen_raises
   AND NOT EXISTS (SELECT 1 FROM study_openings o WHERE o.study_id = study_urgency.study_id AND o.raises > 0)
   AND EXISTS (SELECT 1 FROM studies s WHERE s.study_id = study_urgency.study_id AND s.deleted_at_ms IS NULL);
CREATE TABLE open_again (study_id TEXT PRIMARY KEY, is_flagged INTEGER NOT NULL, is_changed INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO open_again SELECT study_id, is_flagged, is_changed FROM (
  SELECT r.study_id,
         EXISTS (SELECT 1 FROM study_urgency u WHERE u.study_id = r.study_id AND u.raises > u.seen_raises AND u.raises > (
           SELECT o.raises FROM study_openings o WHERE o.study_id = r.study_id ORDER BY o.study_revision DESC, o.raises DESC LIMIT 1)) AS is_flagged,
         r.report NOT IN ('final', 'addended') AND (SELECT max(o.study_revision) FROM study_openings o WHERE o.study_id = r.study_id)
           < (SELECT coalesce(s.complete_revision, 0) FROM studies s WHERE s.study_id = r.study_id) AS is_changed
    FROM open_studies r WHERE r.intent = 'new' AND r.is_opened = 1) WHERE is_flagged OR is_changed;
UPDATE open_studies SET row = json_set(row, '$.urgency.raises', 1) WHERE study_id IN (SELECT study_id FROM raised_before);
UPDATE open_studies SET is_opened = 0, settled_as = NULL, settled_at_ms = NULL,
       due_at_ms = max(coalesce(row ->> 'openByAtMs', row ->> 'reportByAtMs', received_at_ms + 86400000),
                       coalesce((SELECT behind_due_at_ms FROM study_urgency u WHERE u.study_id = open_studies.study_id), 0) + 1),
       row = json_set(row, '$.openAgain', json((
         SELECT CASE WHEN is_flagged AND is_changed THEN '["flagged","images"]' WHEN is_flagged THEN '["flagged"]' ELSE '["images"]' END
           FROM open_again a WHERE a.study_id = open_studies.study_id)))
 WHERE study_id IN (SELECT study_id FROM open_again);
DROP TABLE open_again;
DROP TABLE raised_before;
-- worklist: urgency_rank is 0 to 2 of what waits to be opened, and 3 to 5 of what is opened as it is, which stands behind
UPDATE open_studies SET urgency_rank = urgency_rank + 3 WHERE intent = 'new' AND is_opened = 1;
CREATE INDEX open_studies_critical ON open_studies (urgency_rank, due_at_ms, study_id, ${NARROWED_BY}) WHERE intent = 'new' AND urgency_rank IN (0, 3);
CREATE INDEX open_studies_urgent ON open_studies (urgency_rank, due_at_ms, study_id, ${NARROWED_BY}) WHERE intent = 'new' AND urgency_rank IN (1, 4);
-- worklist: how many rows are alike in every set of values that lists are narrowed by, kept as rows change: a narrowed list is counted and
-- its choices are offered without passing over all rows
CREATE TABLE worklist_kinds (
  place TEXT NOT NULL CHECK (place IN ('open', 'archived')),
  site_id TEXT NOT NULL,
  intent TEXT NOT NULL,
  urgency_rank INTEGER NOT NULL,
  is_opened INTEGER NOT NULL CHECK (is_opened IN (0, 1)),
  ai_state TEXT NOT NULL,
  completeness TEXT NOT NULL,
  in_pacs TEXT NOT NULL,
  report TEXT NOT NULL,
  modality TEXT NOT NULL,
  body_part TEXT NOT NULL,
  service_level TEXT NOT NULL,
  order_priority TEXT NOT NULL,
  rows INTEGER NOT NULL CHECK (rows >= 0),
  PRIMARY KEY (place, site_id, ${KIND})
) STRICT, WITHOUT ROWID;
${keepKinds('open')}
${keepKinds('archived')}
`,
};
