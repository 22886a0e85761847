import { readFileSync } from 'node:fs';
import path from 'node:path';
import { data } from 'dcmjs';
import { expect, test } from 'vitest';
import {
  differences,
  listed,
  misstate,
  readStatement,
  type Statement,
} from '../../../../../test/system/support/statement.ts';
import { readSearchQuery, type SearchLevel } from './search-query.ts';

const MARKDOWN = readFileSync(path.resolve(import.meta.dirname, '../../../../../docs/conformance.md'), 'utf8');
const stated = readStatement(MARKDOWN);
const KEYWORDS = Object.keys(data.DicomMetaDictionary.nameMap);

/** On which keywords of the dictionary, alone and below the request attributes, a search of a level matches. */
function searchKeys(level: SearchLevel): readonly string[] {
  const values = ['1.2.3', '20200101', '120000', '1'];
  const isMatched = (keyword: string) =>
    values.some((value) => {
      const read = readSearchQuery(level, { [keyword]: value });
      return read.ok || read.error.code === 'query-malformed';
    });
  return [...KEYWORDS, ...KEYWORDS.map((keyword) => `RequestAttributesSequence.${keyword}`)].filter(isMatched);
}

test.each(['study', 'series', 'instance'])('searches of level %s match on the keys of table 8.7-2 alone', (level) => {
  const levels = ['study', 'series', 'instance'];
  const keys = (statement: Statement) =>
    statement('Search keys')
      .filter(([of = '']) => levels.indexOf(of) <= levels.indexOf(level))
      .flatMap(([, cell]) => listed(cell));
  const found = searchKeys(level as 'study' | 'series' | 'instance');
  expect(differences(level, keys(stated), found)).toEqual([]);
  expect(
    differences(level, keys(misstate(MARKDOWN, '| study | StudyDate,', '| study | StudyVerifiedDate,')), found),
  ).toHaveLength(2);
});
