import { SiteId } from '../../../shared/domain/ids.ts';
import { freshId } from '../platform/ids.ts';
import { prepared, type WritableDb } from '../platform/store/database.ts';
import { inTransaction } from '../platform/store/transaction.ts';
import { findSiteByCode, type Site } from './queries.ts';

const INSERT_SITE = 'INSERT INTO sites (site_id, code, name, zone, created_at_ms) VALUES (?, ?, ?, ?, ?)';

/** What a site is made of; `zone` is its IANA time zone. */
export type NewSite = {
  readonly code: string;
  readonly name: string;
  readonly zone: string;
  readonly atMs: number;
};

/** The site of that code, made when there is none yet; one that exists is left as it is. */
export function ensureSite(db: WritableDb, input: NewSite): Site {
  return inTransaction(db, () => {
    const known = findSiteByCode(db, input.code);
    if (known !== null) return known;
    const site: Site = { siteId: freshId(SiteId), code: input.code, name: input.name, zone: input.zone };
    prepared(db, INSERT_SITE).run(site.siteId, site.code, site.name, site.zone, input.atMs);
    return site;
  });
}
