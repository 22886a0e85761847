import { plainFingerprint } from '../dicom/tls.ts';
import type { Config } from '../platform/config.ts';
import type { PeerSetting } from './peers.ts';

/** A title this station answers to: the site it stands for, and what comes to it is for. */
export type CalledTitle = {
  readonly aeTitle: string;
  readonly siteCode: string;
  readonly intent: PeerSetting['intent'];
};

/** Every title this station answers to, the default first. */
export function listTitles({ site, dicom }: Pick<Config, 'site' | 'dicom'>): readonly CalledTitle[] {
  return [
    { aeTitle: dicom.aeTitle, siteCode: site.code, intent: 'new' },
    ...dicom.titles.map(({ aeTitle, site: siteCode = site.code, intent }) => ({ aeTitle, siteCode, intent })),
  ];
}

/** The configured peers of one site: one setting for each of our titles that a peer calls. */
export function peerSettings(
  config: Pick<Config, 'site' | 'dicom'> & Partial<Pick<Config, 'sites'>>,
  siteCode: string,
): readonly PeerSetting[] {
  const { dicom } = config;
  const site = [config.site, ...(config.sites ?? [])].find(({ code }) => code === siteCode);
  const { certFile = '', keyFile = '', caFile = '' } = dicom.tls ?? {};
  const files = dicom.tls === undefined ? undefined : { certFile, keyFile, caFile };
  const titles = listTitles(config).filter((title) => title.siteCode === siteCode);
  return dicom.peers.flatMap((peer) =>
    titles
      .filter(({ aeTitle }) => (peer.calls ?? [dicom.aeTitle]).includes(aeTitle))
      .map((title) => ({
        aeTitle: peer.aeTitle,
        address: peer.address ?? '',
        calledAe: title.aeTitle,
        intent: peer.intent ?? title.intent,
        host: peer.host,
        port: peer.port,
        services: peer.services,
        isArchive: peer.isArchive,
        // Who keeps studies for years sends old ones too; a modality's may have a clock that is wrong.
        newWithinDays: peer.newWithinDays ?? (peer.isArchive ? dicom.newWithinDays : undefined),
        issuerOfPatientId: peer.issuerOfPatientId ?? site?.issuerOfPatientId,
        isSecured: peer.tls,
        certificate: peer.certificate === undefined ? undefined : plainFingerprint(peer.certificate),
        tlsFiles: files,
      })),
  );
}

/** AE titles of peers that may call from any address without TLS: nothing but the title says that it is them. */
export function titlesKnownAlone({ dicom }: Pick<Config, 'dicom'>): readonly string[] {
  return dicom.peers.flatMap(({ aeTitle, address, tls }) => (address === '*' && !tls ? [aeTitle] : []));
}
