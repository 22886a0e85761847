import { DEMO_HOSPITAL } from '../../shared/domain/demo-hospital.ts';
import { type Config, ConfiguredPeer } from './platform/config.ts';

/** Who may send in a demo: the pretend hospital's machines, and DCMTK's `storescu` under its own name; all from this machine. */
const DEMO_PEERS = [
  { aeTitle: 'DEMO_CT', address: '127.0.0.1', intent: 'new' },
  { aeTitle: 'DEMO_PACS', address: '127.0.0.1', intent: 'comparison' },
  { aeTitle: 'STORESCU', address: '127.0.0.1', intent: 'new' },
  { aeTitle: 'ECHOSCU', address: '127.0.0.1', intent: 'new' },
].map((peer) => ConfiguredPeer.parse(peer));

/**
 * A demo is on loopback whatever is configured, at a site called demo. With its pretend hospital it knows where that one's archive
 * listens, so that it can ask it for priors, send to it, and see when it is gone.
 */
export function demoConfig(config: Config, hasHospital = false): Config {
  const { aeTitle: archive, port } = DEMO_HOSPITAL.pacs;
  const peers = DEMO_PEERS.map((peer) =>
    hasHospital && peer.aeTitle === archive ? { ...peer, host: '127.0.0.1', port, isArchive: true } : peer,
  );
  return {
    ...config,
    site: { ...config.site, code: 'demo', name: 'Demo site' },
    http: { ...config.http, host: '127.0.0.1', tls: undefined },
    dicom: { ...config.dicom, host: '127.0.0.1', peers: [...config.dicom.peers, ...peers] },
  };
}
