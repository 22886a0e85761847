import { DEMO_HOSPITAL } from '../../shared/domain/demo-hospital.ts';
import { type Config, ConfiguredPeer } from './platform/config.ts';
import { isLoopback } from './platform/http/loopback.ts';

/** Who may send in a demo: the pretend hospital's machines, and DCMTK's `storescu` under its own name; all from this machine. */
const DEMO_PEERS = [
  { aeTitle: 'DEMO_CT', address: '127.0.0.1', intent: 'new' },
  { aeTitle: 'DEMO_PACS', address: '127.0.0.1', intent: 'comparison' },
  { aeTitle: 'STORESCU', address: '127.0.0.1', intent: 'new' },
  { aeTitle: 'ECHOSCU', address: '127.0.0.1', intent: 'new' },
].map((peer) => ConfiguredPeer.parse(peer));

/**
 * The pretend machines send without a pause, and one in five reports no step: nobody who tries a demo waits the half hour that an
 * ultrasound is given in life.
 */
const LONGEST_QUIET_MS = 60_000;

/**
 * A demo is on loopback whatever is configured, at a site called demo. With its pretend hospital it knows where that one's archive
 * listens, so that it can ask it for priors, send to it, and see when it is gone; and it waits a minute of silence at most.
 */
export function demoConfig(config: Config, hasHospital = false): Config {
  const { aeTitle: archive, port } = DEMO_HOSPITAL.pacs;
  // Where a demo runs without its hospital, a test may put another in its place.
  const named = DEMO_PEERS.filter(({ aeTitle }) => !config.dicom.peers.some((peer) => peer.aeTitle === aeTitle));
  const peers = (hasHospital ? DEMO_PEERS : named).map((peer) =>
    hasHospital && peer.aeTitle === archive ? { ...peer, host: '127.0.0.1', port, isArchive: true } : peer,
  );
  return {
    ...config,
    site: { ...config.site, code: 'demo', name: 'Demo site' },
    http: { ...config.http, host: '127.0.0.1', tls: undefined },
    dicom: { ...config.dicom, host: '127.0.0.1', peers: [...config.dicom.peers, ...peers] },
    ...(hasHospital && { completeness: impatient(config.completeness) }),
  };
}

function impatient({ quietMs, quietOtherMs, ...others }: Config['completeness']): Config['completeness'] {
  const capped = Object.entries(quietMs).map(([modality, ms]) => [modality, Math.min(ms, LONGEST_QUIET_MS)] as const);
  return { ...others, quietMs: Object.fromEntries(capped), quietOtherMs: Math.min(quietOtherMs, LONGEST_QUIET_MS) };
}

/**
 * The keys of a configuration that a demo must not be started with, by name: whatever lies beyond this machine, and further sites.
 * A demo asks archives and sends studies by itself, and its patients are pretence: neither may reach a real one. With its pretend
 * hospital no other station of this machine is called either.
 */
export function demoConflicts({ sites, dicom, inference }: Config, hasHospital: boolean): readonly string[] {
  const isHere = (host: string) => host === 'localhost' || isLoopback(host);
  return [
    ...(sites.length === 0 ? [] : ['sites']),
    ...dicom.peers.flatMap(({ address = '*', host }, index) => [
      ...(address === '*' || isHere(address) ? [] : [`dicom.peers.${index}.address`]),
      ...(host === undefined || (isHere(host) && !hasHospital) ? [] : [`dicom.peers.${index}.host`]),
    ]),
    ...inference.remotes.flatMap(({ url }, index) =>
      isHere(new URL(url).hostname.replace(/^\[|\]$/g, '')) ? [] : [`inference.remotes.${index}.url`],
    ),
  ];
}
