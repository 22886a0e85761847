/** What an object of a class is for: an image opens in the viewer and may go to a model; the others attach to a study quietly. */
export type StorageKind = 'image' | 'report' | 'overlay' | 'plan' | 'document' | 'waveform';

/** One storage SOP class this product takes in (PS3.4 Annex B). */
export type StorageClass = {
  readonly uid: string;
  readonly name: string;
  readonly kind: StorageKind;
  /** A: shown and fed to models; B: kept and shown; C: kept, indexed and read as evidence (STANDARDS §1.1). */
  readonly tier: 'A' | 'B' | 'C';
};

/** Verification: C-ECHO (PS3.4 Annex A). */
export const VERIFICATION = '1.2.840.10008.1.1';

const STORAGE = '1.2.840.10008.5.1.4.1.1';

/** Below the storage root (PS3.6 Annex A), by what they are and how deep this product goes. */
const ROWS: readonly (readonly [tier: StorageClass['tier'], kind: StorageKind, suffix: string, name: string])[] = [
  ['A', 'image', '2', 'CT Image'],
  ['A', 'image', '2.1', 'Enhanced CT Image'],
  ['B', 'image', '2.2', 'Legacy Converted Enhanced CT Image'],
  ['A', 'image', '4', 'MR Image'],
  ['A', 'image', '4.1', 'Enhanced MR Image'],
  ['B', 'image', '4.3', 'Enhanced MR Color Image'],
  ['B', 'image', '4.4', 'Legacy Converted Enhanced MR Image'],
  ['A', 'image', '1', 'Computed Radiography Image'],
  ['A', 'image', '1.1', 'Digital X-Ray Image, for presentation'],
  ['B', 'image', '1.1.1', 'Digital X-Ray Image, for processing'],
  ['A', 'image', '1.2', 'Digital Mammography X-Ray Image, for presentation'],
  ['B', 'image', '1.2.1', 'Digital Mammography X-Ray Image, for processing'],
  ['A', 'image', '13.1.3', 'Breast Tomosynthesis Image'],
  ['B', 'image', '13.1.4', 'Breast Projection X-Ray Image, for presentation'],
  ['B', 'image', '13.1.5', 'Breast Projection X-Ray Image, for processing'],
  ['B', 'image', '1.3', 'Digital Intra-Oral X-Ray Image, for presentation'],
  ['B', 'image', '1.3.1', 'Digital Intra-Oral X-Ray Image, for processing'],
  ['A', 'image', '6.1', 'Ultrasound Image'],
  ['A', 'image', '3.1', 'Ultrasound Multi-frame Image'],
  ['B', 'image', '6.2', 'Enhanced US Volume'],
  ['A', 'image', '12.1', 'X-Ray Angiographic Image'],
  ['B', 'image', '12.1.1', 'Enhanced XA Image'],
  ['B', 'image', '12.2', 'X-Ray Radiofluoroscopic Image'],
  ['B', 'image', '12.2.1', 'Enhanced XRF Image'],
  ['B', 'image', '13.1.1', 'X-Ray 3D Angiographic Image'],
  ['A', 'image', '20', 'Nuclear Medicine Image'],
  ['A', 'image', '128', 'Positron Emission Tomography Image'],
  ['B', 'image', '130', 'Enhanced PET Image'],
  ['B', 'image', '128.1', 'Legacy Converted Enhanced PET Image'],
  ['A', 'image', '7', 'Secondary Capture Image'],
  ['B', 'image', '7.1', 'Multi-frame Single Bit Secondary Capture Image'],
  ['B', 'image', '7.2', 'Multi-frame Grayscale Byte Secondary Capture Image'],
  ['B', 'image', '7.3', 'Multi-frame Grayscale Word Secondary Capture Image'],
  ['B', 'image', '7.4', 'Multi-frame True Color Secondary Capture Image'],
  ['B', 'image', '77.1.4', 'VL Photographic Image'],
  ['B', 'overlay', '30', 'Parametric Map'],
  ['C', 'overlay', '66.4', 'Segmentation'],
  ['C', 'overlay', '66.7', 'Label Map Segmentation'],
  ['C', 'overlay', '66.5', 'Surface Segmentation'],
  ['C', 'overlay', '66.1', 'Spatial Registration'],
  ['C', 'overlay', '66.3', 'Deformable Spatial Registration'],
  ['C', 'overlay', '67', 'Real World Value Mapping'],
  ['C', 'overlay', '11.1', 'Grayscale Softcopy Presentation State'],
  ['C', 'overlay', '11.2', 'Color Softcopy Presentation State'],
  ['C', 'overlay', '11.3', 'Pseudo-Color Softcopy Presentation State'],
  ['C', 'overlay', '11.4', 'Blending Softcopy Presentation State'],
  ['C', 'overlay', '11.8', 'Advanced Blending Presentation State'],
  ['C', 'report', '88.11', 'Basic Text SR'],
  ['C', 'report', '88.22', 'Enhanced SR'],
  ['C', 'report', '88.33', 'Comprehensive SR'],
  ['C', 'report', '88.34', 'Comprehensive 3D SR'],
  ['C', 'report', '88.35', 'Extensible SR'],
  ['C', 'report', '88.50', 'Mammography CAD SR'],
  ['C', 'report', '88.65', 'Chest CAD SR'],
  ['C', 'report', '88.69', 'Colon CAD SR'],
  ['C', 'report', '88.59', 'Key Object Selection Document'],
  ['C', 'report', '88.67', 'X-Ray Radiation Dose SR'],
  ['C', 'report', '88.68', 'Radiopharmaceutical Radiation Dose SR'],
  ['C', 'report', '88.73', 'Patient Radiation Dose SR'],
  ['C', 'report', '88.76', 'Enhanced X-Ray Radiation Dose SR'],
  ['C', 'report', '88.71', 'Acquisition Context SR'],
  ['C', 'report', '88.74', 'Planned Imaging Agent Administration SR'],
  ['C', 'report', '88.75', 'Performed Imaging Agent Administration SR'],
  ['C', 'report', '90.1', 'Content Assessment Results'],
  ['C', 'document', '104.1', 'Encapsulated PDF'],
  ['C', 'document', '104.2', 'Encapsulated CDA'],
  ['C', 'plan', '481.3', 'RT Structure Set'],
  ['C', 'waveform', '9.1.1', '12-lead ECG Waveform'],
];

/**
 * Every storage SOP class accepted by default (STANDARDS §1.1). To accept another, add a row. Raw Data (66) is left out on
 * purpose: large, and readable by nobody but its maker.
 */
export const STORAGE_CLASSES: readonly StorageClass[] = ROWS.map(([tier, kind, suffix, name]) => ({
  uid: `${STORAGE}.${suffix}`,
  name,
  kind,
  tier,
}));

const BY_UID = new Map(STORAGE_CLASSES.map((row) => [row.uid, row]));

/** The accepted storage class with this UID, or null. */
export function findStorageClass(uid: string): StorageClass | null {
  return BY_UID.get(uid) ?? null;
}

/** Secondary Capture: attaches to a complete study without asking for anything again. */
export const SECONDARY_CAPTURE = `${STORAGE}.7`;

/** Whether a class is a Secondary Capture, of one frame or of many (PS3.4 §B.5). */
export function isSecondaryCapture(sopClassUid: string | undefined): boolean {
  return sopClassUid === SECONDARY_CAPTURE || (sopClassUid?.startsWith(`${SECONDARY_CAPTURE}.`) ?? false);
}
