import type { DicomRecord } from '../../src/main/station/dicom/dataset/write-dataset.ts';
import { uidFrom } from '../uid.ts';
import type { ReconstructedCt, Vector } from './reconstruct.ts';
import { storePixels } from './store-pixels.ts';
import { rounded, type StudyWish, timeRecord } from './study-objects.ts';
import type { VendorHabits } from './vendors.ts';

export const CT_IMAGE_STORAGE = '1.2.840.10008.5.1.4.1.1.2';

/** A CT series to write: the header of study and series stands already. */
export type CtRecordsWish = {
  readonly wish: StudyWish;
  readonly vendor: VendorHabits;
  readonly header: DicomRecord;
  readonly ct: ReconstructedCt;
  readonly seriesUid: string;
  readonly number: number;
  readonly kernel: readonly string[];
  readonly window: { readonly centre: number; readonly width: number };
  /** Where the patient lies on the table, against the phantom's own coordinates. */
  readonly lieMm?: Vector;
};

/** CT images (PS3.3 §A.3) of a reconstruction, from foot to head. */
export function ctRecords(job: CtRecordsWish): readonly DicomRecord[] {
  const { wish, vendor, header, ct, seriesUid, lieMm = [0, 0, 0] } = job;
  const size = ct.rows * ct.columns;
  return ct.imagePositions.map((corner, slice): DicomRecord => {
    const position = [corner[0] + lieMm[0], corner[1] + lieMm[1], corner[2] + lieMm[2]] as const;
    return {
      ...header,
      ...timeRecord(wish, job.number * 20 + slice * 0.2),
      SOPClassUID: CT_IMAGE_STORAGE,
      SOPInstanceUID: uidFrom(seriesUid, slice),
      ImageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
      InstanceNumber: vendor.firstSlice === 'foot' ? slice + 1 : ct.slices - slice,
      ImagePositionPatient: position.map(rounded),
      ImageOrientationPatient: ct.imageOrientation,
      SliceLocation: rounded(position[2]),
      SliceThickness: ct.sliceMm,
      PixelSpacing: ct.pixelMm.map(rounded),
      ConvolutionKernel: job.kernel,
      ScanOptions: 'HELICAL MODE',
      KVP: 120,
      XRayTubeCurrent: 180,
      ExposureTime: 500,
      ...storePixels(ct.hu.subarray(slice * size, (slice + 1) * size), ct.rows, ct.columns, {
        ...vendor,
        padding: null,
      }),
      WindowCenter: job.window.centre,
      WindowWidth: job.window.width,
      ...(vendor.privateCreator && {
        '00190010': { privateVr: 'LO', value: vendor.privateCreator },
        '00191002': { privateVr: 'SL', value: job.number },
      }),
    };
  });
}
