/** The SOP classes of services, by name (PS3.4 Annexes C, F, J, R; PS3.6 Annex A). */
export const SERVICE_CLASSES = {
  'patient-root-find': '1.2.840.10008.5.1.4.1.2.1.1',
  'patient-root-move': '1.2.840.10008.5.1.4.1.2.1.2',
  'patient-root-get': '1.2.840.10008.5.1.4.1.2.1.3',
  'study-root-find': '1.2.840.10008.5.1.4.1.2.2.1',
  'study-root-move': '1.2.840.10008.5.1.4.1.2.2.2',
  'study-root-get': '1.2.840.10008.5.1.4.1.2.2.3',
  'storage-commitment-push': '1.2.840.10008.1.20.1',
  'performed-procedure-step': '1.2.840.10008.3.1.2.3.3',
  'instance-availability': '1.2.840.10008.5.1.4.33',
} as const;

/** The well-known instance of storage commitment (PS3.4 §J.3.5). */
export const STORAGE_COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1';
