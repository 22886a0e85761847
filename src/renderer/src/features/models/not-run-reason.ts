import type { TFunction } from 'i18next';

/** Why a study was not run, in words; a reason this page does not know is named by its code. */
export function reasonText(reason: string, t: TFunction<'models'>): string {
  return t([`performance.reason.${reason}`, `app:ai.reason.${reason}`, 'performance.otherReason'], { code: reason });
}
