/** True of a model `m` that nobody outside a demo may see anything of, whatever stage stands on record. */
export const IS_UNFIT = "(m.clinical_use = 'none' AND NOT coalesce((SELECT is_demo FROM inference_setting), 0))";

/** The sites of whoever may be told of models that are shown there, and of no other even by a count; null: whoever may know of all. */
export type ShownAt = readonly string[] | null;

/** True of a model `m` that is shown at one of the sites of @shownAt (JSON); null: of every model. */
export const IS_SHOWN_AT = `
  (@shownAt IS NULL OR NOT ${IS_UNFIT} AND EXISTS (
    SELECT 1 FROM model_exposures shown WHERE shown.digest = m.digest AND shown.stage IN ('pilot', 'general')
       AND shown.site_id IN (SELECT value FROM json_each(@shownAt))))
`;

/** Sites as `IS_SHOWN_AT` takes them. */
export function shownAtValue(shownAt: ShownAt): string | null {
  return shownAt === null ? null : JSON.stringify(shownAt);
}
