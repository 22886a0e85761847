import type { TFunction } from 'i18next';
import type { Failure } from '../../bridge/failure.ts';
import { formatSpan } from '../../ui/duration.ts';

/** How long to wait after too many attempts, as far as the station said. */
export function lockedText({ retryAfterMs }: Failure, t: TFunction): string {
  if (retryAfterMs === null) return t('signIn.locked');
  return t('signIn.lockedFor', { wait: formatSpan(Math.max(1_000, retryAfterMs)) });
}

/** That the station failed, with the incident to name where there is one. */
export function faultText({ incidentId }: Failure, t: TFunction): string {
  if (incidentId === null) return t('signIn.fault');
  return t('signIn.faultWithIncident', { incident: incidentId });
}
