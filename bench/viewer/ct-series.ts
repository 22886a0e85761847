import { PEOPLE } from '../../demo/people.ts';
import type { DemoTransferSyntax } from '../../demo/phantoms/compress-record.ts';
import { ctRecords } from '../../demo/phantoms/ct-records.ts';
import { drawHeadCt, type HeadCt } from '../../demo/phantoms/head-ct.ts';
import { sealSeries, seriesRecord, type StudyWish, studyRecord } from '../../demo/phantoms/study-objects.ts';
import { VENDORS } from '../../demo/phantoms/vendors.ts';
import { uidFrom } from '../../demo/uid.ts';
import type { RemoteAe } from '../../src/main/station/dicom/open-association.ts';
import { notAccepted, sendObjects } from '../../test/system/support/studies.ts';

/** A CT series that a station has: 512 × 512 × 16 bit, slices along one axis. */
export type SentSeries = {
  readonly studyUid: string;
  readonly seriesUid: string;
  readonly slices: number;
};

/** Slices that are drawn; a longer series has them again, each at a place of its own. */
const MOST_DRAWN = 300;
/** Slices sent by one association: what is in memory at once. */
const AT_ONCE = 50;
const SLICE_MM = 0.5;
const HEAD_MM = 150;

const drawn = new Map<number, HeadCt>();

/** Draws a head of so many slices in a transfer syntax and sends it as a study of its own; rejects where one is not accepted. */
export async function sendCtSeries(
  remote: RemoteAe,
  seed: number,
  slices: number,
  transferSyntaxUid: DemoTransferSyntax,
): Promise<SentSeries> {
  const ct = headOf(Math.min(slices, MOST_DRAWN));
  const [studyUid, seriesUid] = [uidFrom('bench-viewer', seed, 'study'), uidFrom('bench-viewer', seed, 'series')];
  const person = PEOPLE[seed % PEOPLE.length];
  const vendor = VENDORS[0];
  if (person === undefined || vendor === undefined)
    throw new Error('the pretend hospital has no people or no machines');
  const wish = {
    ...{ seed, person, transferSyntaxUid, accession: `V${seed}`, studyDescription: 'CT HEAD' },
    atMs: Date.UTC(2026, 0, 15, 9),
  } satisfies StudyWish;
  const machine = { manufacturer: vendor.manufacturer, model: vendor.model, station: 'DEMOCT1', serial: '10001' };
  const header = {
    ...studyRecord(wish, machine, studyUid),
    ...seriesRecord(wish, {
      ...{ modality: 'CT', bodyPart: 'HEAD', protocol: 'HeadHelical', patientPosition: 'HFS' },
      ...{ seriesUid, number: 2, description: 'Head 0.5' },
    }),
    FrameOfReferenceUID: uidFrom('bench-viewer', seed, 'frame-of-reference'),
  };
  const size = ct.rows * ct.columns;
  for (let from = 0; from < slices; from += AT_ONCE) {
    const places = Array.from({ length: Math.min(AT_ONCE, slices - from) }, (_, index) => from + index);
    const records = places.flatMap((place) => {
      const at = place % ct.slices;
      const [x, y, z] = ct.imagePositions[0] ?? [0, 0, 0];
      const one = {
        ...ct,
        ...{ kernel: 'soft' as const, slices: 1, sliceMm: SLICE_MM, hu: ct.hu.subarray(at * size, (at + 1) * size) },
        imageOrientation: [1, 0, 0, 0, 1, 0] as const,
        imagePositions: [[x, y, z + place * SLICE_MM] as const],
      };
      return ctRecords({
        ...{ wish, vendor, header, ct: one, number: 2, kernel: ['H30s'], window: { centre: 40, width: 80 } },
        // Each slice is written by itself, under a name of its own.
        seriesUid: `${seriesUid}.${place}`,
      }).map((record) => ({ ...record, SeriesInstanceUID: seriesUid, InstanceNumber: place + 1 }));
    });
    const [sealed] = await sealSeries(wish, [{ seriesUid, description: 'Head', records }]);
    const objects = (sealed?.instances ?? []).map(({ sopUid, file }) => ({ studyUid, seriesUid, sopUid, file }));
    const refused = notAccepted(await sendObjects(remote, objects));
    if (refused.length > 0) throw new Error(`not accepted: ${JSON.stringify(refused[0])}`);
  }
  return { studyUid, seriesUid, slices };
}

function headOf(slices: number): HeadCt {
  const head =
    drawn.get(slices) ?? drawHeadCt({ seed: 7, bleed: null, slices, matrix: 512, sliceMm: HEAD_MM / slices });
  drawn.set(slices, head);
  return head;
}
