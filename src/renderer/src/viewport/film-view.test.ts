import { expect, test } from 'vitest';
import type { DicomJson } from './dicom-json.ts';
import { filmViewOf } from './film-view.ts';

const value = (...Value: readonly unknown[]) => ({ Value: [...Value] });
const code = (one: string) => ({ '00080100': value(one) });
const view = (one: string, ...modifiers: readonly string[]): DicomJson => ({
  '00540220': { vr: 'SQ', Value: [{ ...code(one), '00540222': { vr: 'SQ', Value: modifiers.map(code) } }] },
});

test('reads a view by its code, of either vocabulary, before its letters; a modifier that is not known still stands', () => {
  expect([
    filmViewOf({ ...view('399162004'), '00200062': value('R'), '00185101': value('') }),
    filmViewOf({ ...view('R-10226', 'R-102D5'), '00209072': value('L') }),
    filmViewOf({ ...view('399368009', '399163009', '399055006', '12345'), '00200060': value('l') }),
    filmViewOf({ '00185101': value('pa') }),
    filmViewOf({ ...view('unknown'), '00185101': value('MLO') }),
    filmViewOf({}),
  ]).toEqual([
    { side: 'R', position: 'CC', modifiers: [] },
    { side: 'L', position: 'MLO', modifiers: ['ID'] },
    { side: 'L', position: 'MLO', modifiers: ['M', 'S', '12345'] },
    { side: null, position: 'PA', modifiers: [] },
    { side: null, position: 'MLO', modifiers: [] },
    { side: null, position: null, modifiers: [] },
  ]);
});
