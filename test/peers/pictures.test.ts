import path from 'node:path';
import { existsSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { comparePictures, REAL_FILES } from '../../bench/pictures/compare-pictures.ts';
import { STATE_NAMES } from '../../bench/pictures/presented-pictures.ts';
import { endEverything } from '../system/support/start-station.ts';
import { havePython } from './support/debian-python.ts';
import { havePeers } from './support/run-peer.ts';

/** One of each kind; all of them by `npm run bench -- pictures`. */
const A_DOZEN = [
  'cxr/wg04-cr/RG1_J2KI.dcm', // MONOCHROME1, JPEG 2000 of 15 bits
  'ct-head-ge/14.dcm', // with padding
  'dicom-variety/cornerstone3D/TestPattern_Palette_16.dcm',
  'dicom-variety/cornerstone3D/CTImage.dcm_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm', // JPEG of 12 bits
  'dicom-variety/cornerstone3D/TestPattern_JPEG-Baseline_YBR422.dcm',
  'dicom-variety/dcm4che/ovly_p01.dcm', // overlays beside and within the pixels
  'dicom-variety/dcm4che/YBR_422.dcm',
  'dicom-variety/highdicom/test_files/dx_image.dcm', // presentation LUT INVERSE, pixels that are no squares
  'dicom-variety/highdicom/test_files/seg_image_sm_numbers.dcm', // single bits that begin within a byte
  'dicom-variety/pydicom/test_files/SC_rgb_rle_16bit.dcm',
  'dicom-variety/pydicom/test_files/JPEGLSNearLossless_08.dcm', // names no modality
  'dicom-variety/suyashkumar-dicom/5.dcm', // many frames, each with its own window
].map((file) => path.join(REAL_FILES, file));

/** Shown under presentation states too; it has no padding, which is black here whatever a state says (decision 57). */
const PRESENTED = path.join(REAL_FILES, 'dicom-variety/pydicom/test_files/MR_small.dcm');

/** Of many frames: shown as a state has it that takes the first away from the seventh. */
const RUN = path.join(REAL_FILES, 'dicom-variety/dcm4che/NM-MONO2-16-13x-heart');

const isHere = havePeers('dcmodify', 'dcmj2pnm', 'dcml2pnm', 'dcmp2pgm') && havePython();
const hasData = [...A_DOZEN, PRESENTED, RUN].every((file) => existsSync(file));
if (!hasData) console.log('skipped: the real test data are not on this machine');

afterAll(endEverything);

test.skipIf(!isHere || !hasData)(
  'the viewport shows a dozen real objects as DCMTK and pydicom draw them, one under presentation states as DCMTK applies them, and one less its mask as NumPy has it',
  async () => {
    const compared = await comparePictures(A_DOZEN, undefined, [PRESENTED, RUN]);
    expect(compared).toHaveLength(A_DOZEN.length + STATE_NAMES.length + 1);
    expect(compared.filter(({ verdict, wrong }) => verdict !== 'same' || wrong.length > 0)).toEqual([]);
  },
);
