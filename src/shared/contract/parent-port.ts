import { z } from 'zod';

/**
 * Every message between the station and the desktop app that started it, over the parent port. Each end parses what arrives.
 * Messages to and from the runner travel inside these unparsed: station and runner parse them, the desktop app only relays.
 */

const Port = z.number().int().min(1).max(65_535);

/** The station's secrets, kept by the operating system's keychain: 32 random bytes as hexadecimal, and an Ed25519 key (PKCS #8). */
export const StationKeys = z.strictObject({
  databaseKeyHex: z.string().regex(/^[0-9a-f]{64}$/),
  signingKeyPem: z
    .string()
    .max(1_000)
    .regex(/^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----\n?$/),
});
export type StationKeys = z.infer<typeof StationKeys>;

/** The one-time password of the administrator made at first start; shown once, never logged. */
export const FirstSignIn = z.strictObject({
  username: z.string().min(1).max(200),
  password: z.string().min(1).max(200),
});
export type FirstSignIn = z.infer<typeof FirstSignIn>;

export const StationToMain = z.discriminatedUnion('type', [
  /** Everything listens. The same facts as the ready line, and the first sign-in where this start created one. */
  z.strictObject({
    type: z.literal('ready'),
    http: z.url({ protocol: /^https?$/ }),
    dicom: z.strictObject({ port: Port, aeTitle: z.string().min(1).max(16) }),
    hl7: z.strictObject({ port: Port }).nullable(),
    firstSignIn: FirstSignIn.nullable(),
  }),
  /** The station cannot run and ends next; starting it again changes nothing until a person acts. `text` is for that person. */
  z.strictObject({
    type: z.literal('fatal'),
    code: z.string().regex(/^[a-z0-9-]{1,64}$/),
    text: z.string().max(2_000).optional(),
  }),
  z.strictObject({ type: z.literal('runner-start') }),
  z.strictObject({ type: z.literal('runner-send'), message: z.unknown() }),
  z.strictObject({ type: z.literal('runner-kill') }),
]);
export type StationToMain = z.infer<typeof StationToMain>;
export type StationReady = Extract<StationToMain, { type: 'ready' }>;

export const MainToStation = z.discriminatedUnion('type', [
  /** First message. Null: the station finds its keys as it does headless (demo directories, whose data is pretence). */
  z.strictObject({ type: z.literal('keys'), keys: StationKeys.nullable() }),
  /** Drain and exit 0. */
  z.strictObject({ type: z.literal('shutdown') }),
  z.strictObject({ type: z.literal('runner-message'), message: z.unknown() }),
  /** Exactly one per `runner-start`; the code is null when the runner was killed. */
  z.strictObject({ type: z.literal('runner-exit'), code: z.number().int().nullable() }),
]);
export type MainToStation = z.infer<typeof MainToStation>;
