/** One storage SOP class this product takes in (PS3.4 Annex B). */
export type StorageClass = {
  readonly uid: string;
  readonly name: string;
  /** An image opens in the viewer and may go to a model; a report is kept and indexed. */
  readonly kind: 'image' | 'report';
};

/** Verification: C-ECHO (PS3.4 Annex A). */
export const VERIFICATION = '1.2.840.10008.1.1';

const STORAGE = '1.2.840.10008.5.1.4.1.1';

/** Every storage SOP class accepted by default (STANDARDS §1.1). To accept another, add a row. */
export const STORAGE_CLASSES: readonly StorageClass[] = [
  { uid: `${STORAGE}.2`, name: 'CT Image', kind: 'image' },
  { uid: `${STORAGE}.4`, name: 'MR Image', kind: 'image' },
  { uid: `${STORAGE}.1`, name: 'Computed Radiography Image', kind: 'image' },
  { uid: `${STORAGE}.1.1`, name: 'Digital X-Ray Image, for presentation', kind: 'image' },
  { uid: `${STORAGE}.1.2`, name: 'Digital Mammography X-Ray Image, for presentation', kind: 'image' },
  { uid: `${STORAGE}.6.1`, name: 'Ultrasound Image', kind: 'image' },
  { uid: `${STORAGE}.3.1`, name: 'Ultrasound Multi-frame Image', kind: 'image' },
  { uid: `${STORAGE}.7`, name: 'Secondary Capture Image', kind: 'image' },
  { uid: `${STORAGE}.88.11`, name: 'Basic Text SR', kind: 'report' },
  { uid: `${STORAGE}.88.22`, name: 'Enhanced SR', kind: 'report' },
  { uid: `${STORAGE}.88.33`, name: 'Comprehensive SR', kind: 'report' },
  { uid: `${STORAGE}.88.34`, name: 'Comprehensive 3D SR', kind: 'report' },
  { uid: `${STORAGE}.88.67`, name: 'X-Ray Radiation Dose SR', kind: 'report' },
];

const BY_UID = new Map(STORAGE_CLASSES.map((row) => [row.uid, row]));

/** The accepted storage class with this UID, or null. */
export function findStorageClass(uid: string): StorageClass | null {
  return BY_UID.get(uid) ?? null;
}

/** Secondary Capture: attaches to a complete study without asking for anything again. */
export const SECONDARY_CAPTURE = `${STORAGE}.7`;
