import { afterEach, beforeEach, expect, test } from 'vitest';
import { LONGEST_PREFERENCE } from '../../../shared/domain/preference-keys.ts';
import { testAnswers } from './test-answers.ts';
import { startTestStation, type TestStation } from './test-station.ts';

let station: TestStation;
beforeEach(async () => {
  station = await startTestStation(testAnswers());
});
afterEach(() => station.stop());

async function put(token: string, key: string, value: unknown): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ value });
  return (await station.ask(token, `/api/v1/preferences/${key}`, { method: 'PUT', headers, body })).status;
}

const all = async (token: string) => (await station.ask(token, '/api/v1/preferences')).json();

test('keeps what each person set for themselves, the last of it, until they want the shipped again', async () => {
  const [reader, technologist] = await Promise.all([station.token('radiologist'), station.token('technologist')]);
  expect(await all(reader)).toEqual([]);
  await put(reader, 'shortcuts', { 'toggle-ai': 'x' });
  await put(reader, 'shortcuts', { 'toggle-ai': 'q' });
  await put(technologist, 'viewer', [1, null, 'ä']);
  expect([await all(reader), await all(technologist)]).toEqual([
    [{ key: 'shortcuts', value: { 'toggle-ai': 'q' } }],
    [{ key: 'viewer', value: [1, null, 'ä'] }],
  ]);
  await station.ask(reader, '/api/v1/preferences/shortcuts', { method: 'DELETE' });
  expect(await all(reader)).toEqual([]);
});

test('keeps nothing under another name and nothing without end', async () => {
  const reader = await station.token('radiologist');
  const tooLong = 'x'.repeat(LONGEST_PREFERENCE);
  expect([await put(reader, 'anything', 1), await put(reader, 'viewer', tooLong)]).toEqual([400, 400]);
  expect(await all(reader)).toEqual([]);
});
