import { z } from 'zod';
import { PEER_SERVICES, USUAL_SERVICES } from '../../../../shared/domain/peer.ts';
import { INTENTS } from '../../../../shared/domain/study.ts';
import { AeTitle, Issuer } from './names.ts';

/** A peer as it stands in the configuration file. */
export const ConfiguredPeer = z.strictObject({
  aeTitle: AeTitle.describe('The AE title the peer calls itself (case-sensitive).'),
  address: z
    .string()
    .min(1)
    .optional()
    .describe('The IP address it calls from, or "*" for any address; left out, it does not call.'),
  calls: z
    .array(AeTitle)
    .min(1)
    .optional()
    .describe('Which of our titles it calls, and so which site it belongs to; left out, `dicom.aeTitle`.'),
  intent: z
    .enum(INTENTS)
    .exclude(['own'])
    .optional()
    .describe('"new" starts deadlines, AI and alerts; "comparison" only keeps. Left out: as the title it calls.'),
  services: z
    .array(z.enum(PEER_SERVICES))
    .default([...USUAL_SERVICES])
    .describe('What it may ask of us beside C-ECHO; `query` and `retrieve` let it take studies from here.'),
  host: z
    .string()
    .min(1)
    .optional()
    .describe('Name or address where it listens itself; left out, it cannot be called.'),
  port: z.number().int().min(1).max(65_535).optional().describe('The port it listens on; needed with `host`.'),
  tls: z.boolean().default(false).describe('TLS only, both ways; needs `dicom.tls`.'),
  certificate: z
    .string()
    .min(1)
    .optional()
    .describe('The certificate it must show: common name, or SHA-256 fingerprint in hex. Goes with `tls`.'),
  isArchive: z
    .boolean()
    .default(false)
    .describe('It keeps studies for the long term: what it is known to hold may leave the cache here.'),
  issuerOfPatientId: Issuer.optional().describe(
    'Who issues the patient ids it sends without an issuer. Left out: as its site says.',
  ),
  newWithinDays: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe(
      'Days: of what it sends, a study that states an older date is for comparison. Left out: `dicom.newWithinDays` where `isArchive`, otherwise its studies are new whatever their date.',
    ),
});

/** Receiving DICOM: our titles, our listeners, and who may connect. */
export const DicomSettings = z
  .strictObject({
    host: z.string().default('0.0.0.0').describe('Address that receives DICOM.'),
    aeTitle: AeTitle.default('WETREAD').describe('What peers must call this station.'),
    maxAssociations: z.number().int().min(1).max(256).default(32).describe('Associations at once.'),
    maxAssociationsPerPeer: z
      .number()
      .int()
      .min(1)
      .max(256)
      .default(8)
      .describe('Associations at once of one calling AE title.'),
    newWithinDays: z
      .number()
      .int()
      .min(1)
      .default(30)
      .describe('Days: a study that an archive sends and that states an older date is for comparison.'),
    titles: z
      .array(
        z.strictObject({
          aeTitle: AeTitle.describe('A further title this station answers to.'),
          site: z.string().optional().describe('Code of the site it stands for; left out, `site`.'),
          intent: z.enum(INTENTS).exclude(['own']).default('new').describe('What is sent to it is for.'),
        }),
      )
      .default([])
      .describe('Further titles, each a site and an intent.'),
    tls: z
      .strictObject({
        port: z.number().int().min(0).max(65_535).default(2762).describe('Port of the TLS listener.'),
        certFile: z.string().describe('Our certificate (PEM), shown both ways.'),
        keyFile: z.string().describe('Its key (PEM).'),
        caFile: z.string().describe('Authorities whose certificates are believed (PEM).'),
        requireClientCertificate: z
          .boolean()
          .default(true)
          .describe('Nobody connects without a certificate that an authority of `caFile` signed.'),
      })
      .optional()
      .describe('A second listener by TLS (PS3.15 B.12), and TLS towards peers.'),
    timeouts: z
      .strictObject({
        idleMs: z.number().int().min(1000).default(300_000).describe('Silence after which an association ends, in ms.'),
        pduMs: z
          .number()
          .int()
          .min(1000)
          .default(120_000)
          .describe('Longest wait for the next whole PDU of an object, in ms.'),
        objectMs: z.number().int().min(1000).default(1_800_000).describe('Longest time one object may take, in ms.'),
      })
      .prefault({}),
    peers: z.array(ConfiguredPeer).default([]).describe('Who may connect; nobody else may.'),
  })
  .prefault({});
