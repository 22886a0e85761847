import { afterAll, expect, test } from 'vitest';
import { echo } from '../../src/main/station/dicom/scu.ts';
import { associateRequest, type RawDicomPeer, rawDicomPeer } from '../peers-scripted/raw-dicom-peer.ts';
import { signInFirst } from '../system/support/ask-station.ts';
import { endEverything, type RunningStation, startStation, TEST_CONFIG } from '../system/support/start-station.ts';
import { remoteOf } from '../system/support/studies.ts';

const VERIFICATION = '1.2.840.10008.1.1';
const CROWD = 200;

afterAll(endEverything);

test('of two hundred peers at once as many are served as may be; the others are told to come again, and do', async () => {
  const config = { ...TEST_CONFIG, dicom: { ...TEST_CONFIG.dicom, maxAssociationsPerPeer: 20 } };
  const station = await startStation({ config });
  const administrator = await signInFirst(station);
  const callers = ['MODALITY1', 'MODALITY2', 'STORESCU', 'DCMSEND'];
  const come = (index: number) => ask(station, callers[index % callers.length] ?? '');
  const first = await Promise.all(Array.from({ length: CROWD }, (_, index) => come(index)));
  const served = first.filter(({ answer }) => answer === 'accepted');
  const sentAway = first.filter(({ answer }) => answer !== 'accepted');
  expect(served).toHaveLength(32);
  expect(new Set(sentAway.map(({ answer }) => answer))).toEqual(new Set(['2/3/2']));

  for (const { peer } of served) peer.hangUp();
  const again = await Promise.all(
    sentAway.slice(0, 40).map(async (_, index) => {
      const remote = { ...remoteOf(station), callingAe: callers[index % callers.length] ?? '' };
      for (;;) {
        const answered = await echo(remote);
        if (answered.ok || answered.error.code !== 'rejected' || !answered.error.isTransient) return answered;
      }
    }),
  );
  expect(again.every((answered) => answered.ok)).toBe(true);

  const told = await administrator.fetch('/api/v1/audit/events?kind=association-refused&limit=100');
  const events = (JSON.parse(told.text) as { events: readonly unknown[] }).events;
  // One for the address and reason, however many were refused; a second where the minute turned meanwhile.
  expect(events.length).toBeGreaterThanOrEqual(1);
  expect(events.length).toBeLessThanOrEqual(3);
  expect(await station.stop()).toBe(0);
});

test('one peer takes no more than its share: the others still get in', async () => {
  const station = await startStation();
  const greedy = await Promise.all(Array.from({ length: 12 }, () => ask(station, 'MODALITY1')));
  expect(greedy.filter(({ answer }) => answer === 'accepted')).toHaveLength(8);
  expect(greedy.filter(({ answer }) => answer === '2/3/2')).toHaveLength(4);
  expect((await ask(station, 'MODALITY2')).answer).toBe('accepted');
  expect((await ask(station, 'NOBODY')).answer).toBe('1/1/3');
  expect((await ask(station, 'MODALITY2', 'ELSEWHERE')).answer).toBe('1/1/7');
  greedy.find(({ answer }) => answer === 'accepted')?.peer.hangUp();
  let answer = '';
  while (answer !== 'accepted') ({ answer } = await ask(station, 'MODALITY1'));
  await station.kill();
});

async function ask(
  station: RunningStation,
  callingAe: string,
  calledAe = 'WETREAD',
): Promise<{ readonly peer: RawDicomPeer; readonly answer: string }> {
  const peer = await rawDicomPeer(station.dicom.port);
  await peer.send(associateRequest([VERIFICATION], { callingAe, calledAe }));
  const answer = await peer.next();
  if (answer?.kind === 'associate-accept') return { peer, answer: 'accepted' };
  const { result, source, reason } = answer?.kind === 'associate-reject' ? answer : { result: 0, source: 0, reason: 0 };
  return { peer, answer: `${result}/${source}/${reason}` };
}
