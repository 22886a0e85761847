import type { WorklistRow } from '../../../shared/contract/worklist.ts';

/** The columns of the table: a heading, and what it says of a row. Times are UTC (ISO 8601), days as DICOM has them. */
const COLUMNS: readonly (readonly [string, (row: WorklistRow) => string | number | null])[] = [
  ['urgency', (row) => row.urgency.level],
  ['standing', (row) => row.urgency.standing],
  ['open_by', (row) => at(row.openByAtMs)],
  ['report_by', (row) => at(row.reportByAtMs)],
  ['received', (row) => at(row.receivedAtMs)],
  ['patient', (row) => row.patient.name],
  ['birth_date', (row) => row.patient.birthDateRaw],
  ['sex', (row) => row.patient.sex],
  ['mrn', (row) => row.patient.mrn],
  ['name_alert', (row) => (row.patient.nameAlert ? 'yes' : '')],
  ['identity_in_doubt', (row) => (row.patient.underInvestigation ? 'yes' : '')],
  ['accession', (row) => row.accession],
  ['modality', (row) => row.exam.modality],
  ['description', (row) => row.exam.description],
  ['body_part', (row) => row.exam.bodyPart],
  ['side', (row) => row.exam.laterality],
  ['exam_date', (row) => row.exam.dateRaw],
  ['exam_time', (row) => row.exam.timeRaw],
  ['order_priority', (row) => row.orderPriority],
  ['service_level', (row) => row.serviceLevel],
  ['images', (row) => row.images.received],
  ['images_expected', (row) => row.images.expected],
  ['completeness', (row) => row.images.completeness],
  ['in_pacs', (row) => row.inPacs],
  // As rows say it: a state, and never that nothing is there.
  ['ai', (row) => (row.ai.state === 'no-flag' ? 'not flagged' : row.ai.state)],
  ['priors', (row) => row.priors],
  ['opened_by', (row) => row.openedBy?.displayName ?? null],
  // Why what somebody opened waits to be opened again.
  ['open_again', (row) => row.openAgain.join(' ')],
  ['report', (row) => row.report],
];

/** What makes a spreadsheet take a text for a formula, at its beginning or after a break. */
const FORMULA = /^[=+\-@\t\r\n|%＝＋－＠]/;

/** The rows as a table: RFC 4180, with a mark of UTF-8 at its beginning. No cell is a formula to a spreadsheet. */
export function csvRows(rows: readonly WorklistRow[]): string {
  const lines = [COLUMNS.map(([heading]) => heading), ...rows.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  return `\uFEFF${lines.map((cells) => cells.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

/** One cell, always quoted; a text that would be a formula is made plain text by an apostrophe. Numbers of our own stay numbers. */
export function csvCell(value: string | number | null): string {
  if (value === null) return '""';
  if (typeof value === 'number') return String(value);
  const safe = FORMULA.test(value.trimStart()) || FORMULA.test(value) ? `'${value}` : value;
  return `"${safe.replaceAll('"', '""')}"`;
}

function at(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}
