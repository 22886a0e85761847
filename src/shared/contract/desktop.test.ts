import { describe, expect, test } from 'vitest';
import { DESKTOP_REQUESTS } from './desktop.ts';
import { MainToStation, StationToMain } from './parent-port.ts';

describe('what crosses the preload', () => {
  test.each([
    ['/worklist', true],
    ['/studies/0190d2a0-0000-7000-8000-000000000001?pane=report', true],
    ['//evil.example/page', false],
    ['/\\evil.example', false],
    ['https://evil.example', false],
    ['javascript:alert(1)', false],
    ['', false],
  ])('a pop-out window takes a path of the station only: %s', (path, taken) => {
    expect(DESKTOP_REQUESTS['desktop:pop-out'].safeParse({ path }).success).toBe(taken);
  });

  test('a notice with anything unexpected is refused', () => {
    const notice = { title: 'Critical study', body: 'Unopened for 5 minutes' };
    const parse = (value: unknown): boolean => DESKTOP_REQUESTS['desktop:notify'].safeParse(value).success;
    expect([
      parse(notice),
      parse({ ...notice, icon: 'file:///etc/passwd' }),
      parse({ ...notice, studyId: 'x' }),
    ]).toEqual([true, false, false]);
  });
});

describe('what crosses the parent port', () => {
  test('the ready message names an http origin and nothing else will do', () => {
    const ready = {
      type: 'ready',
      http: 'http://127.0.0.1:8642',
      dicom: { port: 11112, aeTitle: 'WETREAD' },
      hl7: null,
      firstSignIn: null,
    };
    expect(StationToMain.safeParse(ready).success).toBe(true);
    expect(StationToMain.safeParse({ ...ready, http: 'file:///tmp/page.html' }).success).toBe(false);
    expect(StationToMain.safeParse({ ...ready, password: 'secret' }).success).toBe(false);
  });

  test('the database key is 32 bytes, and no keys are said expressly', () => {
    const keys = (databaseKeyHex: string) =>
      MainToStation.safeParse({
        type: 'keys',
        keys: { databaseKeyHex, signingKeyPem: '-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n' },
      }).success;
    expect([keys('cd'.repeat(32)), keys('cd'.repeat(16))]).toEqual([true, false]);
    expect(MainToStation.safeParse({ type: 'keys', keys: null }).success).toBe(true);
    expect(MainToStation.safeParse({ type: 'keys' }).success).toBe(false);
  });
});
