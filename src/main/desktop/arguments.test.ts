import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { planDesktop } from './arguments.ts';

const userData = path.resolve('/home/reader/.config/Wetread');

describe('how the desktop app was asked to run', () => {
  test('starts a station of its own over its own data', () => {
    const stationDir = path.join(userData, 'station');
    expect(planDesktop([], {}, userData)).toEqual({
      ok: true,
      value: {
        ...{ station: 'own', demo: false, stationDir, stationArguments: ['--data', stationDir, '--parent-port'] },
        hospitalArguments: [],
      },
    });
  });

  test('keeps a demo apart from real data', () => {
    const outcome = planDesktop(['--demo'], {}, userData);
    if (!outcome.ok || outcome.value.station !== 'own') throw new Error('no plan');
    expect(outcome.value.stationDir).toBe(path.join(userData, 'station-demo'));
    expect(outcome.value.stationArguments).toContain('--demo');
  });

  test("tells a demo's seed to the station, which judges it, and to the hospital", () => {
    const outcome = planDesktop(['--demo', '--seed', '7'], {}, userData);
    if (!outcome.ok || outcome.value.station !== 'own') throw new Error('no plan');
    expect(outcome.value.stationArguments.join(' ')).toContain('--seed 7 --demo');
    expect(outcome.value.hospitalArguments).toEqual(['--seed', '7']);
  });

  test("hands the station's options on and passes over the browser's", () => {
    const args = [
      '--remote-debugging-port=0',
      '--http-port',
      '0',
      '--dicom-port=104',
      '--data',
      'here',
      '--no-sandbox',
    ];
    const outcome = planDesktop(args, {}, userData);
    if (!outcome.ok || outcome.value.station !== 'own') throw new Error('no plan');
    expect(outcome.value.stationArguments).toEqual([
      '--data',
      path.resolve('here'),
      '--http-port',
      '0',
      '--dicom-port',
      '104',
      '--parent-port',
    ]);
  });

  test.each([
    ['http://127.0.0.1:8642', 'http://127.0.0.1:8642'],
    ['http://[::1]:8642/', 'http://[::1]:8642'],
    ['https://station.example:8642', 'https://station.example:8642'],
  ])('attaches to %s', (address, origin) => {
    const attached = { ok: true, value: { station: 'attached', origin } };
    expect(planDesktop(['--attach', address], {}, userData)).toEqual(attached);
    expect(planDesktop([], { WETREAD_STATION_URL: address }, userData)).toEqual(attached);
  });

  test.each([
    ['http://station.example:8642', 'attach-not-secure'],
    ['http://127.0.0.1.evil.example', 'attach-not-secure'],
    ['file:///tmp/page.html', 'attach-not-an-origin'],
    ['https://station.example/page', 'attach-not-an-origin'],
    ['https://user:secret@station.example', 'attach-not-an-origin'],
    ['station', 'attach-not-an-origin'],
  ])('refuses to attach to %s', (address, code) => {
    expect(planDesktop([`--attach=${address}`], {}, userData)).toEqual({ ok: false, error: { code } });
  });
});
