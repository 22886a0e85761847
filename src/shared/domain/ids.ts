import { z } from 'zod';

/** Surrogate ids are UUIDv7: they sort by creation and say nothing about a patient. */
function id<const Brand extends string>() {
  return z.uuid().brand<Brand>();
}

export const SiteId = id<'SiteId'>();
export const StudyId = id<'StudyId'>();
export const SeriesId = id<'SeriesId'>();
export const InstanceId = id<'InstanceId'>();
export const PatientId = id<'PatientId'>();
export const OrderId = id<'OrderId'>();
export const PeerId = id<'PeerId'>();
export const UserId = id<'UserId'>();
export const RunId = id<'RunId'>();
export const FindingId = id<'FindingId'>();
export const DecisionId = id<'DecisionId'>();
export const WorklistViewId = id<'WorklistViewId'>();
export const CorrelationId = id<'CorrelationId'>();

export type SiteId = z.infer<typeof SiteId>;
export type StudyId = z.infer<typeof StudyId>;
export type SeriesId = z.infer<typeof SeriesId>;
export type InstanceId = z.infer<typeof InstanceId>;
export type PatientId = z.infer<typeof PatientId>;
export type OrderId = z.infer<typeof OrderId>;
export type PeerId = z.infer<typeof PeerId>;
export type UserId = z.infer<typeof UserId>;
export type RunId = z.infer<typeof RunId>;
export type FindingId = z.infer<typeof FindingId>;
export type DecisionId = z.infer<typeof DecisionId>;
export type WorklistViewId = z.infer<typeof WorklistViewId>;
export type CorrelationId = z.infer<typeof CorrelationId>;
