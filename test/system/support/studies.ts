import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PEOPLE } from '../../../demo/people.ts';
import { type HeadCtStudyWish, makeHeadCtStudy } from '../../../demo/phantoms/head-ct-series.ts';
import type { HeadCtTruth } from '../../../demo/phantoms/head-ct.ts';
import type { DemoStudy } from '../../../demo/phantoms/study-objects.ts';
import { describeInstance } from '../../../src/main/station/dicom/dataset/describe-instance.ts';
import { bytesReader, findPixelData } from '../../../src/main/station/dicom/dataset/find-pixel-data.ts';
import type { RemoteAe } from '../../../src/main/station/dicom/open-association.ts';
import { readPart10Header } from '../../../src/main/station/dicom/part10.ts';
import { instanceFromBytes, type SendOutcome, sendInstances } from '../../../src/main/station/dicom/scu.ts';
import type { InstancePath } from './ask-station.ts';
import type { RunningStation } from './start-station.ts';

/** An object to send, and how to ask for it again. */
export type SentObject = InstancePath & { readonly file: Uint8Array };

/** Objects of one study in the order they are sent. */
export type SentStudy = { readonly studyUid: string; readonly objects: readonly SentObject[] };

/** A phantom, with what is in it. */
export type PhantomStudy = SentStudy & { readonly truth: HeadCtTruth; readonly mainSopUids: readonly string[] };

type PhantomWish = { readonly seed: number } & Partial<HeadCtStudyWish>;

const drawn = new Map<string, PhantomStudy>();

/** A head CT phantom; the seed decides what the wish leaves open. The same wish is drawn once. */
export function phantomStudy(wish: PhantomWish): PhantomStudy {
  const key = JSON.stringify(wish);
  const study = drawn.get(key) ?? drawPhantom(wish);
  drawn.set(key, study);
  return study;
}

function drawPhantom(wish: PhantomWish): PhantomStudy {
  const person = PEOPLE[wish.seed % PEOPLE.length];
  if (person === undefined) throw new Error('the pretend hospital has no people');
  const made = makeHeadCtStudy({ atMs: Date.UTC(2026, 0, 15, 9), person, accession: `T${wish.seed}`, ...wish });
  const { studyUid, truth, mainSopUids } = made;
  return { studyUid, objects: objectsOf(made), truth, mainSopUids };
}

/** The objects of a pretend hospital's study, as they are sent. */
export function objectsOf({
  studyUid,
  series,
}: Pick<DemoStudy<unknown>, 'studyUid' | 'series'>): readonly SentObject[] {
  return series.flatMap(({ seriesUid, instances }) =>
    instances.map(({ sopUid, file }): SentObject => ({ studyUid, seriesUid, sopUid, file })),
  );
}

const REAL_HEAD_CT = path.resolve(import.meta.dirname, '../../../../shared/data/ct-head-ge');

/** The real head CT of the shared test data; null, with a notice, where it is not on this machine. */
export async function realHeadCt(): Promise<SentStudy | null> {
  if (!existsSync(REAL_HEAD_CT)) {
    console.log('skipped: the real test data are not on this machine');
    return null;
  }
  const names = readdirSync(REAL_HEAD_CT).filter((name) => name.endsWith('.dcm'));
  const objects = await Promise.all(names.toSorted().map((name) => readObject(path.join(REAL_HEAD_CT, name))));
  return { studyUid: objects[0]?.studyUid ?? '', objects };
}

async function readObject(name: string): Promise<SentObject> {
  const file = readFileSync(name);
  const header = readPart10Header(file);
  if (!header.ok) throw new Error(`a test file has no readable header: ${header.error.code}`);
  const found = await findPixelData(bytesReader(dataSetOf(file)), header.value.transferSyntaxUid);
  if (!found.ok) throw new Error(`a test file does not read: ${found.error.code}`);
  const { studyUid, seriesUid, sopUid } = describeInstance(found.value.dataset);
  if (studyUid === null || seriesUid === null || sopUid === null) throw new Error('a test file lacks UIDs');
  return { studyUid, seriesUid, sopUid, file };
}

/** A file's bytes after its file meta information. */
export function dataSetOf(file: Uint8Array): Uint8Array {
  const header = readPart10Header(file);
  if (!header.ok) throw new Error(`no Part-10 file: ${header.error.code}`);
  return file.subarray(header.value.dataSetOffset);
}

/** The station as our SCU reaches it. */
export function remoteOf(station: RunningStation, change: Partial<RemoteAe> = {}): RemoteAe {
  const { port, aeTitle } = station.dicom;
  return { host: '127.0.0.1', port, callingAe: 'MODALITY1', calledAe: aeTitle, ...change };
}

/** Sends objects with our raw SCU over one association; gives one outcome per object. */
export function sendObjects(
  remote: RemoteAe,
  objects: readonly SentObject[],
  onOutcome?: (index: number, outcome: SendOutcome) => void,
): Promise<readonly SendOutcome[]> {
  const instances = objects.map(({ file }) => {
    const instance = instanceFromBytes(file);
    if (!instance.ok) throw new Error(`no Part-10 file: ${instance.error.code}`);
    return instance.value;
  });
  return sendInstances(remote, instances, onOutcome);
}

/** The outcomes that are not *accepted*. */
export function notAccepted(outcomes: readonly SendOutcome[]): readonly SendOutcome[] {
  return outcomes.filter(({ state }) => state !== 'accepted');
}
