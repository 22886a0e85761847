import { z } from 'zod';

/**
 * What a peer may ask of this station; C-ECHO always. `store`: send objects · `query`, `retrieve`: find and fetch what is
 * here · `commit`: ask for storage commitment · `mpps`: report procedure steps · `notify`: announce instances (IAN) ·
 * `reject`: hide what its rejection notes name (IHE Image Object Change Management).
 */
export const PEER_SERVICES = ['store', 'query', 'retrieve', 'commit', 'mpps', 'notify', 'reject'] as const;
export const PeerService = z.enum(PEER_SERVICES);
export type PeerService = z.infer<typeof PeerService>;

/** What a peer may do where nothing else is configured: bring in, but not take out. */
export const USUAL_SERVICES: readonly PeerService[] = ['store', 'commit', 'mpps', 'notify'];
