import { z } from 'zod';

/**
 * What a peer may ask of this station; C-ECHO always. `store`: send objects · `query`, `retrieve`: find and fetch what is
 * here · `commit`: ask for storage commitment · `mpps`: report procedure steps · `notify`: announce instances (IAN).
 */
export const PEER_SERVICES = ['store', 'query', 'retrieve', 'commit', 'mpps', 'notify'] as const;
export const PeerService = z.enum(PEER_SERVICES);
export type PeerService = z.infer<typeof PeerService>;

/** What a peer may do where nothing else is configured: bring in, but not take out. */
export const USUAL_SERVICES: readonly PeerService[] = ['store', 'commit', 'mpps', 'notify'];
