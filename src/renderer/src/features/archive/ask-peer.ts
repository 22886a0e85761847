import { PeerQuestion } from '../../../../shared/contract/peers.ts';

/** What the form holds, as it was typed; dates as the browser gives them (`YYYY-MM-DD`). */
export type QuestionDraft = {
  readonly patientName: string;
  readonly patientId: string;
  readonly birthDate: string;
  readonly accession: string;
  readonly dateFrom: string;
  readonly dateTo: string;
  readonly modality: string;
  readonly description: string;
};

export const EMPTY_DRAFT: QuestionDraft = {
  patientName: '',
  patientId: '',
  birthDate: '',
  accession: '',
  dateFrom: '',
  dateTo: '',
  modality: '',
  description: '',
};

/** Why a draft cannot be asked: by field, or `nothing-asked` of the whole. */
export type DraftProblems = { readonly [Field in keyof QuestionDraft]?: 'not-allowed' | 'too-long' | 'before-from' } & {
  readonly whole?: 'nothing-asked';
};

/** What is asked, or what stands in its way. */
export type AskedQuestion = { readonly question: PeerQuestion | null; readonly problems: DraftProblems };

const LONGEST = { patientName: 60, patientId: 64, accession: 16, modality: 16, description: 60 } as const;

/**
 * The question a draft asks, or what is wrong with it. A name is found by its beginning, a description by any part of it;
 * "Doe, Jane" is Doe^Jane.
 */
export function questionOf(draft: QuestionDraft): AskedQuestion {
  const problems: { -readonly [Field in keyof DraftProblems]: DraftProblems[Field] } = {};
  const texts = { ...draft };
  for (const field of ['patientName', 'patientId', 'accession', 'modality', 'description'] as const) {
    const value = draft[field].trim();
    // A backslash parts values in DICOM (PS3.5 §6.2), and control characters mean other things.
    if (/[\\\p{Cc}]/u.test(value)) problems[field] = 'not-allowed';
    else if (value.length > LONGEST[field]) problems[field] = 'too-long';
    texts[field] = value;
  }
  if (texts.modality !== '' && !/^[A-Za-z0-9_]+$/.test(texts.modality)) problems.modality = 'not-allowed';
  if (texts.dateFrom !== '' && texts.dateTo !== '' && texts.dateTo < texts.dateFrom) problems.dateTo = 'before-from';
  if (Object.keys(problems).length > 0) return { question: null, problems };
  const question = PeerQuestion.safeParse(
    Object.fromEntries(
      Object.entries({
        patientName: texts.patientName && beginning(texts.patientName.replace(/\s*,\s*/g, '^')),
        patientId: texts.patientId,
        birthDate: dayOf(texts.birthDate),
        accession: texts.accession,
        dateFrom: dayOf(texts.dateFrom),
        dateTo: dayOf(texts.dateTo),
        modality: texts.modality.toUpperCase(),
        description: texts.description && anywhere(texts.description),
      }).filter(([, value]) => value !== ''),
    ),
  );
  return question.success
    ? { question: question.data, problems: {} }
    : { question: null, problems: { whole: 'nothing-asked' } };
}

const hasWildcard = (text: string) => /[*?]/.test(text);
const beginning = (text: string) => (hasWildcard(text) ? text : `${text}*`);
const anywhere = (text: string) => (hasWildcard(text) ? text : `*${text}*`);
const dayOf = (date: string) => date.replaceAll('-', '');
