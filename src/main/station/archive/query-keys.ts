import { err, ok, type Result } from '../../../shared/domain/result.ts';
import type { Dataset } from '../dicom/dataset/dataset.ts';
import { lookUpTag, type Tag, tagOf } from '../dicom/dataset/dictionary.ts';
import { texts } from '../dicom/dataset/values.ts';
import type { ServiceAnswer } from '../dicom/server-services.ts';
import type { InstanceKeys } from './find-studies.ts';
import { ANSWERED, KEYS, QUERY_LEVELS, type QueryLevel } from './query-key-table.ts';

/** Which information model is asked: the patient root has patients above its studies (PS3.4 §C.6.1, §C.6.2). */
export type QueryRoot = 'patient' | 'study';

/** A query or retrieval as asked. */
export type ReadQuery = {
  readonly level: QueryLevel;
  readonly keys: InstanceKeys;
  /** Every keyword that the identifier holds: what the answers are to say. */
  readonly asked: readonly string[];
  /** Some keys are neither matched on nor answered. */
  readonly ignoresKeys: boolean;
  /** The character sets named, for the answers. */
  readonly characterSets: readonly string[];
};

/** Keys of the exchange itself. */
const CONTROLS = new Set(['QueryRetrieveLevel', 'SpecificCharacterSet']);
const UNIQUE: Readonly<Record<QueryLevel, string>> = {
  PATIENT: 'PatientID',
  STUDY: 'StudyInstanceUID',
  SERIES: 'SeriesInstanceUID',
  IMAGE: 'SOPInstanceUID',
};

/**
 * Reads the identifier of a C-FIND: the level, one value for the unique key of each level above it (PS3.4 §C.4.1.2.1), and
 * what matches. An empty key, or "*", matches everything; a key we do not match on is passed over and said to be.
 */
export function readQuery(identifier: Dataset, root: QueryRoot): Result<ReadQuery, ServiceAnswer & { code: 'misfit' }> {
  const level = levelOf(identifier, root);
  if (level === null) return misfit('QueryRetrieveLevel', 'The level is missing or not of this model');
  for (const above of levelsAbove(level, root)) {
    if (!isSingle(texts(identifier, UNIQUE[above]))) return misfit(UNIQUE[above], `${UNIQUE[above]} must be one value`);
  }
  const keys: Record<string, unknown> = {};
  const asked: string[] = [];
  let ignoresKeys = false;
  for (const tag of identifier.elements.keys()) {
    const keyword = lookUpTag(tag)?.keyword;
    if (keyword === undefined || (tag & 0xffff) === 0) {
      ignoresKeys ||= (tag & 0xffff) !== 0; // a group length is no key
      continue;
    }
    if (CONTROLS.has(keyword)) continue;
    const known = KEYS[keyword];
    const of = known?.level ?? ANSWERED[keyword];
    if (of === undefined || isBelow(of, level)) {
      ignoresKeys = true;
      continue;
    }
    asked.push(keyword);
    const values = texts(identifier, keyword).filter((value) => value !== '');
    if (known === undefined || values.every((value) => value === '*')) continue;
    const part = known.match(values);
    if (part === null) return misfit(keyword, `${keyword} has a value that cannot be matched`);
    Object.assign(keys, part);
  }
  ignoresKeys ||= [...identifier.elements.values()].some(
    (element) => element.items !== null && element.items.length > 0,
  );
  return ok({ level, keys, asked, ignoresKeys, characterSets: texts(identifier, 'SpecificCharacterSet') });
}

/** The objects that a C-MOVE or C-GET wants: by unique keys alone, which may be lists at its level (PS3.4 §C.4.2.1.4). */
export function readRetrieval(
  identifier: Dataset,
  root: QueryRoot,
): Result<{ readonly level: QueryLevel; readonly keys: InstanceKeys }, ServiceAnswer & { code: 'misfit' }> {
  const level = levelOf(identifier, root);
  if (level === null) return misfit('QueryRetrieveLevel', 'The level is missing or not of this model');
  const keys: Record<string, unknown> = {};
  for (const of of [...levelsAbove(level, root), level]) {
    const keyword = UNIQUE[of];
    const values = texts(identifier, keyword).filter((value) => value !== '');
    const isEnough = of === level ? values.length > 0 : isSingle(values);
    if (!isEnough) return misfit(keyword, `${keyword} is missing`);
    const part = values.some((value) => /[*?]/.test(value)) ? null : KEYS[keyword]?.match(values);
    if (!part) return misfit(keyword, `${keyword} has a value that names nothing`);
    Object.assign(keys, part);
  }
  return ok({ level, keys });
}

function levelOf(identifier: Dataset, root: QueryRoot): QueryLevel | null {
  const [value] = texts(identifier, 'QueryRetrieveLevel');
  const level = QUERY_LEVELS.find((name) => name === value) ?? null;
  return level === 'PATIENT' && root === 'study' ? null : level;
}

function levelsAbove(level: QueryLevel, root: QueryRoot): readonly QueryLevel[] {
  return QUERY_LEVELS.slice(root === 'study' ? 1 : 0, QUERY_LEVELS.indexOf(level));
}

function isBelow(one: QueryLevel, other: QueryLevel): boolean {
  return QUERY_LEVELS.indexOf(one) > QUERY_LEVELS.indexOf(other);
}

function isSingle(values: readonly string[]): boolean {
  return values.length === 1 && values[0] !== '' && !/[*?]/.test(values[0] ?? '');
}

/** A900: the identifier is not one of this model. The comment names the key, never its value. */
function misfit(keyword: string, errorComment: string): Result<never, ServiceAnswer & { code: 'misfit' }> {
  const offendingElements: readonly Tag[] = [tagOf(keyword)];
  return err({ code: 'misfit', status: 'data-set-does-not-match', errorComment, offendingElements });
}
