import { z } from 'zod';
import type { FlagWhen } from '../../../shared/domain/flag-when.ts';
import type { ModelManifest } from '../../../shared/domain/model-manifest.ts';
import { prepared, type ReadableDb } from '../platform/store/database.ts';
import type { InstalledModel } from './models.ts';

/** The scores from which each label is flagged, by label id; null: never. */
export type FlagFrom = Readonly<Record<string, number | null>>;

/** Thresholds of a version at a site, as chosen, signed and replaced. Version 0 is the manifest's own, and nobody's. */
export type OperatingPointRow = {
  readonly version: number;
  readonly name: string | null;
  readonly flagFrom: FlagFrom;
  readonly state: 'proposed' | 'current' | 'replaced';
  readonly chosenBy: string | null;
  readonly chosenAtMs: number | null;
  readonly reason: string | null;
  readonly signedBy: string | null;
  readonly signedAtMs: number | null;
};

type Model = Pick<InstalledModel, 'digest' | 'manifest'>;

const COLUMNS = `
  version, name, flag_from AS flagFrom, state, chosen_by AS chosenBy, chosen_at_ms AS chosenAtMs, reason, signed_by AS signedBy,
  signed_at_ms AS signedAtMs
`;
const FIND_CURRENT = `SELECT ${COLUMNS} FROM operating_points WHERE site_id = ? AND digest = ? AND state = 'current'`;
const LIST_POINTS = `SELECT ${COLUMNS} FROM operating_points WHERE site_id = ? AND digest = ? ORDER BY version DESC`;
const FlagFromRow = z.record(z.string(), z.number().nullable());

/** The thresholds in force for a version at a site, and the version of the operating point that they are. */
export function thresholdsFor(
  db: ReadableDb,
  siteId: string,
  model: Model,
): { readonly operatingPoint: number; readonly flagFrom: FlagFrom } {
  const { version, flagFrom } = currentPoint(db, siteId, model);
  return { operatingPoint: version, flagFrom };
}

/** From which side a label is flagged: the manifest says it, and no site changes that. */
export function flagWhenOf({ labels }: Pick<ModelManifest, 'labels'>, label: string): FlagWhen {
  return labels.find(({ id }) => id === label)?.flagWhen ?? 'at-least';
}

/** The operating point in force. */
export function currentPoint(db: ReadableDb, siteId: string, model: Model): OperatingPointRow {
  const row = prepared<Row>(db, FIND_CURRENT).get(siteId, model.digest);
  return row === undefined ? ownPoint(model.manifest, 'current') : parseRow(row);
}

/** Every operating point of a version at a site, newest first; the manifest's own is the last. */
export function listPoints(db: ReadableDb, siteId: string, model: Model): readonly OperatingPointRow[] {
  const rows = prepared<Row>(db, LIST_POINTS).all(siteId, model.digest).map(parseRow);
  return [...rows, ownPoint(model.manifest, rows.some(({ state }) => state === 'current') ? 'replaced' : 'current')];
}

/** Operating points that the manifest offers a site to choose from. */
export function offeredPoints(
  manifest: ModelManifest,
): readonly { readonly id: string; readonly name: string; readonly flagFrom: FlagFrom }[] {
  const { operatingPoints = [] } = manifest as { readonly operatingPoints?: ReturnType<typeof offeredPoints> };
  const own = flagFromOf(manifest);
  return operatingPoints.map(({ id, name, flagFrom }) => ({ id, name, flagFrom: { ...own, ...flagFrom } }));
}

type Row = Omit<OperatingPointRow, 'flagFrom'> & { readonly flagFrom: string };

function parseRow(row: Row): OperatingPointRow {
  return { ...row, flagFrom: FlagFromRow.parse(JSON.parse(row.flagFrom)) };
}

function ownPoint(manifest: ModelManifest, state: OperatingPointRow['state']): OperatingPointRow {
  const nobody = { chosenBy: null, chosenAtMs: null, reason: null, signedBy: null, signedAtMs: null };
  return { version: 0, name: null, flagFrom: flagFromOf(manifest), state, ...nobody };
}

function flagFromOf({ labels }: Pick<ModelManifest, 'labels'>): FlagFrom {
  return Object.fromEntries(labels.map(({ id, flagFrom }) => [id, flagFrom]));
}
