import { expect, test } from 'vitest';
import { trayWords } from './tray-words.ts';
import { firstSignInWords, stationRefusalWords } from './words.ts';

test('the station is quoted where it gives words, and named by its code where it gives none', () => {
  const details = [
    stationRefusalWords('data-in-use', 'Another station is using this data directory.').detail,
    stationRefusalWords('database-newer', null).detail,
  ];
  expect(details).toEqual([
    'Another station is using this data directory.',
    'Its reason: database-newer. The log says more.',
  ]);
});

test('the first sign-in shows name and password, and that they are shown once', () => {
  const { detail } = firstSignInWords({ username: 'administrator', password: 'apple-river-stone' });
  expect(detail).toContain('User name: administrator\nOne-time password: apple-river-stone\n');
  expect(detail).toContain('shown once');
});

test('the tray says receiving only while the station is ready', () => {
  const ready = {
    type: 'ready',
    http: 'http://127.0.0.1:8642',
    dicom: { port: 11112, aeTitle: 'WETREAD' },
    hl7: null,
    firstSignIn: null,
  } as const;
  const words = [
    trayWords({ state: 'ready', ready }),
    trayWords({ state: 'waiting', exitCode: 1, delayMs: 1_000, failures: 1 }),
    trayWords({ state: 'refused', code: 'data-in-use', text: null }),
    trayWords({ state: 'starting' }),
    trayWords({ state: 'stopped' }),
  ];
  expect(words.map((each) => /(?<!NOT )receiving/.test(each))).toEqual([true, false, false, false, false]);
});
