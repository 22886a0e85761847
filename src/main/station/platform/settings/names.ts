import { z } from 'zod';

/** Who issues patient ids (PS3.3 §10.14 calls it the issuer of the patient ID). */
export const Issuer = z
  .string()
  .regex(/^[^\\\p{Cc}]{1,64}$/u, 'an issuer has 1 to 64 characters and no backslash')
  .refine((issuer) => issuer.trim() === issuer, 'an issuer has no spaces at its ends');

/** A DICOM application entity title (PS3.5 §6.2, VR AE). */
export const AeTitle = z
  .string()
  .regex(/^[\x20-\x5b\x5d-\x7e]{1,16}$/, 'an AE title has 1 to 16 printable characters and no backslash')
  .refine((title) => title.trim() !== '', 'an AE title is not all spaces')
  .refine((title) => title.trim() === title, 'an AE title has no spaces at its ends: they mean nothing (PS3.5 §6.2)');
