import { DELIVERY_STATES, type DeliveryState } from '../../../shared/domain/delivery.ts';

/**
 * What can happen to a delivery. `left`: something of it reached the peer's socket · `again`: to be tried later · `refused`:
 * the peer will not have it · `stuck`: trying again will not help by itself · `lost`: the process ended meanwhile.
 */
export const DELIVERY_SIGNALS = [
  'claim',
  'left',
  'accepted',
  'again',
  'refused',
  'stuck',
  'lost',
  'retry',
  'cancel',
] as const;
export type DeliverySignal = (typeof DELIVERY_SIGNALS)[number];

const UNDER_WAY = {
  left: 'sent',
  accepted: 'delivered',
  again: 'queued',
  refused: 'rejected',
  stuck: 'held',
  cancel: 'cancelled',
} as const;

/** Of a destination that deduplicates, as C-STORE does: what was lost under way is sent again. */
export const TRANSITIONS: Readonly<Record<DeliveryState, Readonly<Partial<Record<DeliverySignal, DeliveryState>>>>> = {
  queued: { claim: 'claimed', retry: 'queued', cancel: 'cancelled' },
  claimed: { ...UNDER_WAY, lost: 'queued' },
  sent: { ...UNDER_WAY, lost: 'queued' },
  held: { retry: 'queued', cancel: 'cancelled' },
  rejected: { retry: 'queued', cancel: 'cancelled' },
  delivered: {},
  cancelled: {},
};

/** The states in which a signal changes something. */
export function statesBefore(signal: DeliverySignal): readonly DeliveryState[] {
  return DELIVERY_STATES.filter((state) => TRANSITIONS[state][signal] !== undefined);
}
