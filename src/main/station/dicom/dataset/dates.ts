/** A date as DICOM writes it, from what objects have (PS3.5 §6.2 DA; dotted in ACR-NEMA); null where it names no day there is. */
export function normalDate(text: string): string | null {
  const found = /^(\d{4})([.\-/]?)(\d{2})\2(\d{2})$/.exec(text);
  if (found === null) return null;
  const [, year = '', , month = '', day = ''] = found;
  const at = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isThere = at.getUTCMonth() === Number(month) - 1 && at.getUTCDate() === Number(day) && Number(year) >= 100;
  return isThere ? `${year}${month}${day}` : null;
}

/** A time as DICOM writes it (PS3.5 §6.2 TM; with colons in ACR-NEMA); null where it is none. A leap second is one. */
export function normalTime(text: string): string | null {
  const found = /^(\d{2})(?::?(\d{2})(?::?(\d{2})(\.\d{1,6})?)?)?$/.exec(text);
  if (found === null) return null;
  const [, hours = '', minutes = '', seconds = '', fraction = ''] = found;
  const isThere = Number(hours) <= 23 && Number(minutes || 0) <= 59 && Number(seconds || 0) <= 60;
  return isThere ? `${hours}${minutes}${seconds}${fraction}` : null;
}
