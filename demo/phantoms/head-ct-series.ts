import { encodeInstance, type DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { seededRandom } from '../random.ts';
import { uidFrom } from '../uid.ts';
import type { BleedWish } from './bleed.ts';
import { drawHeadCt, type HeadCt, type HeadCtTruth } from './head-ct.ts';
import { type ScoutImage, drawScout } from './scout.ts';
import { storePixels } from './store-pixels.ts';
import {
  type DemoInstance,
  type DemoSeries,
  rounded,
  seriesRecord,
  type StudyWish,
  studyRecord,
  timeRecord,
} from './study-objects.ts';
import { VENDORS, type VendorHabits } from './vendors.ts';

const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';

/** A head CT study to make. The same wish gives the same bytes; the character set is the vendor's. */
export type HeadCtStudyWish = Omit<StudyWish, 'characterSet' | 'transferSyntaxUid'> & {
  /** Left out: the seed picks one. */
  readonly vendor?: VendorHabits;
  readonly bleed?: BleedWish | null;
  readonly matrix?: number;
  readonly slices?: number;
  readonly withScout?: boolean;
  readonly withThinBone?: boolean;
};

/** A study with what is really in it. The main series is the 5 mm soft tissue one; truth's mask lies on its slices from foot to head. */
export type HeadCtStudy = {
  readonly studyUid: string;
  readonly vendor: VendorHabits;
  readonly series: readonly DemoSeries[];
  readonly mainSeriesUid: string;
  /** SOP instance UIDs of the main series from foot to head. */
  readonly mainSopUids: readonly string[];
  readonly truth: HeadCtTruth;
};

/** Makes the objects of a head CT study without contrast: scout, 5 mm soft tissue, 2.5 mm bone kernel. */
export function makeHeadCtStudy(wish: HeadCtStudyWish): HeadCtStudy {
  const random = seededRandom(wish.seed, 'study');
  const picked = random.pick(VENDORS);
  const vendor = wish.vendor ?? picked;
  const bleed = wish.bleed ?? null;
  const studyUid = uidFrom('head-ct', wish.seed, 'study');
  const drawing = { seed: wish.seed, bleed, ...(wish.matrix && { matrix: wish.matrix }) };
  const soft = drawHeadCt({ ...drawing, ...(wish.slices && { slices: wish.slices }) });
  const study = studyHeader(wish, vendor, studyUid);

  const axial = (ct: HeadCt, number: number, name: string, kernel: readonly string[], description: string) =>
    axialSeries({
      wish,
      vendor,
      study,
      ct,
      number,
      seriesUid: uidFrom('head-ct', wish.seed, name),
      kernel,
      description,
    });
  const main = axial(soft, 2, 'soft', vendor.softTissueKernel, vendor.softTissueDescription);
  const series: DemoSeries[] = [];
  if (wish.withScout ?? true) {
    series.push(scoutSeries(wish, vendor, study, drawScout(soft)));
  }
  series.push({ ...main.series, instances: inSendOrder(main.series.instances, vendor) });
  if (wish.withThinBone ?? false) {
    const thin = drawHeadCt({ ...drawing, sliceMm: 2.5, slices: soft.slices * 2, noiseHu: 14 });
    const bone = axial(thin, 3, 'bone', vendor.boneKernel, vendor.boneDescription);
    series.push({ ...bone.series, instances: inSendOrder(bone.series.instances, vendor) });
  }
  return {
    studyUid,
    vendor,
    series,
    mainSeriesUid: main.series.seriesUid,
    mainSopUids: main.sopUidsFromFoot,
    truth: soft.truth,
  };
}

type AxialJob = {
  readonly wish: HeadCtStudyWish;
  readonly vendor: VendorHabits;
  readonly study: DicomRecord;
  readonly ct: HeadCt;
  readonly number: number;
  readonly seriesUid: string;
  readonly kernel: readonly string[];
  readonly description: string;
};

function axialSeries(job: AxialJob): { series: DemoSeries; sopUidsFromFoot: readonly string[] } {
  const { wish, vendor, study, ct, seriesUid } = job;
  const size = ct.rows * ct.columns;
  const instances: DemoInstance[] = [];
  const sopUidsFromFoot: string[] = [];
  for (let slice = 0; slice < ct.slices; slice += 1) {
    const instanceNumber = vendor.firstSlice === 'foot' ? slice + 1 : ct.slices - slice;
    const sopUid = uidFrom(seriesUid, slice);
    const position = ct.imagePositions[slice] ?? [0, 0, 0];
    sopUidsFromFoot.push(sopUid);
    instances[instanceNumber - 1] = encode(sopUid, {
      ...study,
      ...seriesHeader(wish, vendor, seriesUid, job.number, job.description),
      ...timeRecord(wish, job.number * 20 + instanceNumber * 0.5),
      ImageType: ['ORIGINAL', 'PRIMARY', ...vendor.imageTypeTail],
      InstanceNumber: instanceNumber,
      ImagePositionPatient: position.map(rounded),
      ImageOrientationPatient: ct.imageOrientation.map((cosine) => Number(cosine.toFixed(9))),
      SliceLocation: rounded(position[2]),
      SliceThickness: ct.sliceMm,
      GantryDetectorTilt: rounded(ct.gantryTiltDegrees),
      PixelSpacing: ct.pixelMm.map(rounded),
      ConvolutionKernel: job.kernel,
      ScanOptions: 'AXIAL MODE',
      KVP: 120,
      XRayTubeCurrent: 280,
      ExposureTime: 1000,
      ...storePixels(ct.hu.subarray(slice * size, (slice + 1) * size), ct.rows, ct.columns, vendor),
      WindowCenter: job.number === 2 ? 40 : 500,
      WindowWidth: job.number === 2 ? 80 : 2500,
    });
  }
  return { series: { seriesUid, description: job.description, instances }, sopUidsFromFoot };
}

function scoutSeries(wish: HeadCtStudyWish, vendor: VendorHabits, study: DicomRecord, scout: ScoutImage): DemoSeries {
  const seriesUid = uidFrom('head-ct', wish.seed, 'scout');
  const instance = encode(uidFrom(seriesUid, 0), {
    ...study,
    ...seriesHeader(wish, vendor, seriesUid, 1, vendor.scoutDescription),
    ...timeRecord(wish, 0),
    ImageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'],
    InstanceNumber: 1,
    ImagePositionPatient: scout.position.map(rounded),
    ImageOrientationPatient: [1, 0, 0, 0, 0, -1],
    SliceThickness: 1,
    PixelSpacing: scout.pixelMm.map(rounded),
    KVP: 120,
    ...storePixels(scout.hu, scout.rows, scout.columns, { ...vendor, padding: null }),
    RescaleType: 'US',
    WindowCenter: 0,
    WindowWidth: 500,
  });
  return { seriesUid, description: vendor.scoutDescription, instances: [instance] };
}

function encode(sopUid: string, record: DicomRecord): DemoInstance {
  const file = encodeInstance({ ...record, SOPClassUID: CT_IMAGE_STORAGE, SOPInstanceUID: sopUid });
  return { sopClassUid: CT_IMAGE_STORAGE, sopUid, transferSyntaxUid: '1.2.840.10008.1.2.1', file };
}

function studyHeader(wish: HeadCtStudyWish, vendor: VendorHabits, studyUid: string): DicomRecord {
  const studyDescription = wish.studyDescription ?? 'CT HEAD WITHOUT CONTRAST';
  const { manufacturer, model } = vendor;
  const machine = { manufacturer, model, station: 'DEMOCT1', serial: String(10_000 + VENDORS.indexOf(vendor)) };
  return {
    SpecificCharacterSet: vendor.characterSet,
    ...studyRecord({ ...wish, studyDescription }, machine, studyUid),
  };
}

function seriesHeader(
  wish: HeadCtStudyWish,
  vendor: VendorHabits,
  seriesUid: string,
  number: number,
  description: string,
): DicomRecord {
  const series = { modality: 'CT', bodyPart: 'HEAD', protocol: 'HeadSeq', patientPosition: 'HFS' };
  return {
    ...seriesRecord(wish, { ...series, seriesUid, number, description }),
    FrameOfReferenceUID: uidFrom('head-ct', wish.seed, 'frame-of-reference'),
    PositionReferenceIndicator: 'OM',
    ...(vendor.privateCreator && {
      '00190010': { privateVr: 'LO', value: vendor.privateCreator },
      '00191002': { privateVr: 'SL', value: number },
      '00191010': { privateVr: 'OB', value: new Uint8Array([1, 2, 3, 4]) },
    }),
  };
}

function inSendOrder(instances: readonly DemoInstance[], vendor: VendorHabits): readonly DemoInstance[] {
  switch (vendor.sendOrder) {
    case 'by-number':
      return instances;
    case 'reversed':
      return instances.toReversed();
    case 'odd-then-even':
      return [...instances.filter((_, index) => index % 2 === 0), ...instances.filter((_, index) => index % 2 === 1)];
  }
}
