import type { PeerService } from '../../../shared/domain/peer.ts';
import { SERVICE_CLASSES } from '../dicom/services/sop-classes.ts';

/** What each permission opens: the SOP classes of services. Storage has its own list, and a rejection note is stored. */
const CLASSES: Readonly<Record<PeerService, readonly string[]>> = {
  store: [],
  reject: [],
  query: [SERVICE_CLASSES['study-root-find'], SERVICE_CLASSES['patient-root-find']],
  retrieve: [
    SERVICE_CLASSES['study-root-move'],
    SERVICE_CLASSES['study-root-get'],
    SERVICE_CLASSES['patient-root-move'],
    SERVICE_CLASSES['patient-root-get'],
  ],
  commit: [SERVICE_CLASSES['storage-commitment-push']],
  mpps: [SERVICE_CLASSES['performed-procedure-step']],
  notify: [SERVICE_CLASSES['instance-availability']],
};

/**
 * The service SOP classes that a peer with these permissions may use. Storage commitment is among them in any case: whoever
 * we asked may report; who may ask is decided when it does.
 */
export function serviceClassesOf(services: readonly PeerService[]): readonly string[] {
  return [...new Set([...services, 'commit' as const].flatMap((service) => CLASSES[service]))];
}
