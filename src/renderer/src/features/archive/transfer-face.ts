import type { PeerStudy } from '../../../../shared/contract/peers.ts';
import { formatDicomDate } from '../../ui/dicom-date.ts';
import type { Transfer } from './use-transfers.ts';

/** Who a patient is, as far as it is known. */
export type TransferPatient = Pick<
  PeerStudy,
  'patientName' | 'birthDateRaw' | 'sex' | 'patientId' | 'issuerOfPatientId'
>;

type Asked = ReadonlyMap<string, PeerStudy>;

/** Whose study it is: as the station says once something is here, else as the peer said; null where neither is known. */
export function patientOf(transfer: Transfer, asked: Asked): TransferPatient | null {
  const { study } = transfer.way === 'fetch' ? transfer.fetch : transfer.send;
  if (study === null) return saidOf(transfer, asked) ?? null;
  const { patientName, birthDateRaw, sex, mrn, issuer } = study;
  return { patientName, birthDateRaw, sex, patientId: mrn, issuerOfPatientId: issuer };
}

/** Which exam it is, in one line; null where it is not known. */
export function examOf(transfer: Transfer, asked: Asked): string | null {
  const { study } = transfer.way === 'fetch' ? transfer.fetch : transfer.send;
  const said = saidOf(transfer, asked);
  const words =
    study === null
      ? [said?.modalities.join(' '), said?.description, formatDicomDate(said?.dateRaw), said?.accession]
      : [study.modality, study.description, formatDicomDate(study.dateRaw), study.accession];
  return words.filter(Boolean).join(' · ') || null;
}

function saidOf(transfer: Transfer, asked: Asked): PeerStudy | undefined {
  return transfer.way === 'fetch' ? asked.get(transfer.fetch.studyUid) : undefined;
}
