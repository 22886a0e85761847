import { expect, test } from 'vitest';
import { type HealthFacts, healthReasons } from './health-reasons.ts';

const WELL: HealthFacts = {
  isDicomListening: true,
  disk: 'enough',
  runner: 'ready',
  isWantedProvider: true,
  certificateLeftMs: null,
  modelsElsewhere: 0,
  modelsWaitingForServer: 0,
  brokenModels: 0,
  pausedModels: 0,
  modelsBelowCoverage: 0,
  modelsDrifted: 0,
  parkedEvents: 0,
  ledgerLag: 0,
  listBehindMs: 0,
  damagedObjects: 0,
  quarantined: 0,
  readersSignedIn: 1,
  sitesWithoutSignedTriage: 0,
  peersKnownByTitle: 0,
};

test('a station that is wholly well gives no reason', () => {
  expect(healthReasons(WELL)).toEqual([]);
  expect(healthReasons({ ...WELL, runner: 'starting', ledgerLag: 500, listBehindMs: 60_000 })).toEqual([]);
});

test.each<[Partial<HealthFacts>, string, 'failing' | 'degraded']>([
  [{ isDicomListening: false }, 'dicom-closed', 'failing'],
  [{ disk: 'full' }, 'disk-full', 'failing'],
  [{ disk: 'unknown' }, 'disk-unknown', 'degraded'],
  [{ disk: 'low' }, 'disk-low', 'degraded'],
  [{ runner: 'down' }, 'inference-down', 'degraded'],
  [{ isWantedProvider: false }, 'provider-not-wanted', 'degraded'],
  [{ modelsElsewhere: 1 }, 'models-on-other-provider', 'degraded'],
  [{ isWantedProvider: false, modelsElsewhere: 2 }, 'provider-not-wanted', 'degraded'],
  [{ modelsWaitingForServer: 1 }, 'inference-server-silent', 'degraded'],
  [{ pausedModels: 1 }, 'model-paused', 'degraded'],
  [{ brokenModels: 1 }, 'model-broken', 'degraded'],
  [{ modelsDrifted: 1 }, 'model-drifted', 'degraded'],
  [{ modelsBelowCoverage: 1 }, 'coverage-low', 'degraded'],
  [{ parkedEvents: 1 }, 'events-parked', 'degraded'],
  [{ ledgerLag: 501 }, 'ledger-behind', 'degraded'],
  [{ ledgerLag: 1, listBehindMs: Number.POSITIVE_INFINITY }, 'list-not-whole', 'failing'],
  [{ ledgerLag: 501, listBehindMs: 60_001 }, 'list-not-whole', 'failing'],
  [{ damagedObjects: 1 }, 'objects-damaged', 'degraded'],
  [{ quarantined: 1 }, 'quarantine-waiting', 'degraded'],
  [{ peersKnownByTitle: 1 }, 'peers-known-by-title-alone', 'degraded'],
  [{ sitesWithoutSignedTriage: 1 }, 'triage-unsigned', 'degraded'],
  [{ readersSignedIn: 0 }, 'no-reader-signed-in', 'degraded'],
])('%o is said as %s', (fact, code, severity) => {
  expect(healthReasons({ ...WELL, ...fact })).toEqual([{ code, severity, sinceMs: null }]);
});

test('several reasons are all said', () => {
  const codes = healthReasons({ ...WELL, isDicomListening: false, runner: 'down', quarantined: 4 }).map(
    ({ code }) => code,
  );
  expect(codes).toEqual(['dicom-closed', 'inference-down', 'quarantine-waiting']);
});
