import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readMarkdown } from './markdown.ts';

const plain = (text: string) => [{ style: 'plain', text }];

test('headings, paragraphs of several lines, lists, code and tables are told apart', () => {
  const text = [
    '# Name',
    '**Not** for _use_; see `a_b`.',
    'Second line',
    '',
    '## More',
    '1. one',
    '   goes on',
    '2. two',
    '',
    '- bullet',
    '',
    '| a | b |',
    '|---|:--|',
    '| 1 | **2** |',
    '```',
    '<b>*x*',
    '```',
  ].join('\n');
  expect(readMarkdown(text)).toEqual([
    { kind: 'heading', level: 1, inlines: plain('Name') },
    {
      kind: 'paragraph',
      inlines: [
        { style: 'strong', text: 'Not' },
        ...plain(' for '),
        { style: 'emphasis', text: 'use' },
        ...plain('; see '),
        { style: 'code', text: 'a_b' },
        ...plain('. Second line'),
      ],
    },
    { kind: 'heading', level: 2, inlines: plain('More') },
    { kind: 'list', isOrdered: true, items: [plain('one goes on'), plain('two')] },
    { kind: 'list', isOrdered: false, items: [plain('bullet')] },
    {
      kind: 'table',
      head: [plain('a'), plain('b')],
      rows: [[plain('1'), [{ style: 'strong', text: '2' }]]],
    },
    { kind: 'code', text: '<b>*x*' },
  ]);
});

test('markup and links stay the text that they are', () => {
  const text = '<img src=x onerror=alert(1)> [here](javascript:alert(1))';
  expect(readMarkdown(text)).toEqual([{ kind: 'paragraph', inlines: plain(text) }]);
});

test('a name with underscores or a lone star is not styled', () => {
  const text = 'series_ranking of the_model, 5 * 5 * 1';
  expect(readMarkdown(text)).toEqual([{ kind: 'paragraph', inlines: plain(text) }]);
});

test('whatever a card says, reading it comes to an end', () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('# a', '- b', '1. c', '| d | e |', '|---|---|', '```', '~~~', '', '|', '---', '**'),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      expect(readMarkdown(lines.join('\n')).length).toBeLessThanOrEqual(lines.join('\n').split('\n').length);
    }),
  );
});
