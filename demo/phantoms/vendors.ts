/** What makes one make of scanner's objects unlike another's. The makers are invented; the habits are met in the field. */
export type VendorHabits = {
  readonly manufacturer: string;
  readonly model: string;
  readonly softTissueKernel: readonly string[];
  readonly boneKernel: readonly string[];
  readonly softTissueDescription: string;
  readonly boneDescription: string;
  readonly scoutDescription: string;
  readonly imageTypeTail: readonly string[];
  /** Stored value = (HU − intercept) / slope. */
  readonly rescaleIntercept: number;
  readonly rescaleSlope: number;
  readonly bitsStored: 12 | 16;
  readonly isSigned: boolean;
  /** Stored value outside the reconstruction circle, and whether the header names it. */
  readonly padding: { readonly stored: number; readonly isNamed: boolean } | null;
  /** Which slice has instance number 1. */
  readonly firstSlice: 'foot' | 'head';
  /** Some send in acquisition order, some as they finish. */
  readonly sendOrder: 'by-number' | 'reversed' | 'odd-then-even';
  readonly privateCreator: string | null;
  readonly characterSet: 'ISO_IR 100' | 'ISO_IR 192';
};

export const VENDORS: readonly VendorHabits[] = [
  {
    manufacturer: 'Northlight Imaging',
    model: 'Meridian 64',
    softTissueKernel: ['H31s'],
    boneKernel: ['H60s'],
    softTissueDescription: 'Head 5.0 H31s',
    boneDescription: 'Head 2.5 H60s',
    scoutDescription: 'Topogram 0.6 T20s',
    imageTypeTail: ['AXIAL', 'SEQ'],
    rescaleIntercept: -1024,
    rescaleSlope: 1,
    bitsStored: 12,
    isSigned: false,
    padding: null,
    firstSlice: 'foot',
    sendOrder: 'by-number',
    privateCreator: 'NORTHLIGHT CT HEADER',
    characterSet: 'ISO_IR 100',
  },
  {
    manufacturer: 'VELDEN MEDICAL',
    model: 'Aperture VCT',
    softTissueKernel: ['STANDARD'],
    boneKernel: ['BONEPLUS'],
    softTissueDescription: 'AXIAL 5MM BRAIN',
    boneDescription: 'AXIAL BONE 2.5',
    scoutDescription: 'SCOUT',
    imageTypeTail: ['AXIAL'],
    rescaleIntercept: -1024,
    rescaleSlope: 1,
    bitsStored: 16,
    isSigned: true,
    padding: { stored: -2000, isNamed: true },
    firstSlice: 'foot',
    sendOrder: 'odd-then-even',
    privateCreator: 'VELDEN_ACQU_01',
    characterSet: 'ISO_IR 100',
  },
  {
    manufacturer: 'Haruka Medical',
    model: 'Kumo One',
    softTissueKernel: ['FC26'],
    boneKernel: ['FC30'],
    softTissueDescription: 'Brain 5.0',
    boneDescription: 'Bone 2.5',
    scoutDescription: 'Scanogram',
    imageTypeTail: ['AXIAL'],
    rescaleIntercept: 0,
    rescaleSlope: 1,
    bitsStored: 16,
    isSigned: true,
    padding: null,
    firstSlice: 'head',
    sendOrder: 'by-number',
    privateCreator: null,
    characterSet: 'ISO_IR 192',
  },
  {
    manufacturer: 'Oranje Healthcare',
    model: 'Lucent CT',
    softTissueKernel: ['UB'],
    boneKernel: ['YB'],
    softTissueDescription: 'HEAD SEQ/BRAIN',
    boneDescription: 'HEAD SEQ/BONE',
    scoutDescription: 'Surview',
    imageTypeTail: ['AXIAL'],
    rescaleIntercept: -1000,
    rescaleSlope: 1,
    bitsStored: 12,
    isSigned: false,
    padding: { stored: 0, isNamed: false },
    firstSlice: 'head',
    sendOrder: 'reversed',
    privateCreator: 'ORANJE 01',
    characterSet: 'ISO_IR 192',
  },
];
