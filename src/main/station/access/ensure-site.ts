import { SiteId } from '../../../shared/domain/ids.ts';
import { err, ok, type Result } from '../../../shared/domain/result.ts';
import { freshId, freshRowId } from '../platform/ids.ts';
import { appendEvent } from '../platform/ledger/append.ts';
import { serviceActor } from '../platform/ledger/event.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findSiteByCode, type Site } from './queries.ts';

const ANY_OTHER = 'SELECT 1 FROM sites LIMIT 1';
const CHANGE_SITE = 'UPDATE sites SET name = ?, zone = ? WHERE site_id = ?';
const INSERT_SITE = 'INSERT INTO sites (site_id, code, name, zone, created_at_ms) VALUES (?, ?, ?, ?, ?)';

/** What a site is made of; `zone` is its IANA time zone. */
export type NewSite = {
  readonly code: string;
  readonly name: string;
  readonly zone: string;
  readonly atMs: number;
};

/**
 * The station's site, made at the first start; a changed name or zone is taken over. A changed code is refused:
 * what is here, and everyone who may see it, belongs to the site of the old one.
 */
export function ensureSite(db: WritableDb, input: NewSite): Result<Site, { readonly code: 'site-differs' }> {
  return inTransaction(db, () => {
    const known = findSiteByCode(db, input.code);
    if (known !== null) return ok(takeOver(db, known, input));
    if (prepared(db, ANY_OTHER).get() !== undefined) return err({ code: 'site-differs' });
    return ok(makeSite(db, input));
  });
}

/** The station's own site, and beside it those that are configured further; a new one is made, what is changed taken over. */
export function ensureSites(
  db: WritableDb,
  own: NewSite,
  further: readonly NewSite[],
): Result<readonly [Site, ...Site[]], { readonly code: 'site-differs' }> {
  return inTransaction(db, () => {
    const first = ensureSite(db, own);
    if (!first.ok) return first;
    return ok([
      first.value,
      ...further.map((site) => {
        const known = findSiteByCode(db, site.code);
        return known === null ? makeSite(db, site) : takeOver(db, known, site);
      }),
    ]);
  });
}

/** Makes a site beside whatever is there. */
export function makeSite(db: WritableDb, input: NewSite): Site {
  return inTransaction(db, () => {
    const site: Site = { siteId: freshId(SiteId), code: input.code, name: input.name, zone: input.zone };
    prepared(db, INSERT_SITE).run(site.siteId, site.code, site.name, site.zone, input.atMs);
    return site;
  });
}

function takeOver(db: WritableDb, known: Site, { name, zone, atMs }: NewSite): Site {
  const changed = (['name', 'zone'] as const).filter((key) => known[key] !== { name, zone }[key]);
  if (changed.length === 0) return known;
  prepared(db, CHANGE_SITE).run(name, zone, known.siteId);
  appendEvent(db, {
    kind: 'site-changed',
    payload: { changed, zone },
    ...{ siteId: known.siteId, actor: serviceActor('station'), correlationId: freshRowId(), atMs },
  });
  return { ...known, name, zone };
}
