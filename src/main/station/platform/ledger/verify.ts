import type { LedgerVerification } from '../../../../shared/contract/audit.ts';
import { prepared, type ReadableDb } from '../store/database.ts';
import { isSigned, readCheckpoints } from './checkpoint.ts';
import { eventHash, type EventRow, GENESIS_HASH, payloadDigest } from './event.ts';

const WALK = `
  SELECT e.*, p.payload, p.erased_at_ms FROM events e LEFT JOIN event_payloads p ON p.seq = e.seq ORDER BY e.seq
`;
const MOST_FAULTS = 100;

type Walked = EventRow & { readonly payload: string | null; readonly erased_at_ms: number | null };
type Fault = LedgerVerification['faults'][number];

/** Walks the whole chain and holds it against the signed checkpoints: editing, deleting, reordering and truncating show. */
export function verifyLedger(db: ReadableDb, checkpointFile: string, publicKeyPem: string): LedgerVerification {
  const startedAt = performance.now();
  const faults: Fault[] = [];
  const report = (fault: Fault) => {
    if (faults.length < MOST_FAULTS) faults.push(fault);
  };
  const lines = readCheckpoints(checkpointFile);
  const checkpoints = lines.filter((line) => line !== null);
  const stated = new Map(checkpoints.map((checkpoint) => [checkpoint.seq, checkpoint.hash]));
  let events = 0;
  let erasedPayloads = 0;
  let seq = 0;
  let hash: Buffer = GENESIS_HASH;
  for (const row of prepared<Walked>(db, WALK).iterate()) {
    events += 1;
    if (row.seq !== seq + 1) report({ seq: row.seq, code: 'gap' });
    if (!row.prev_hash.equals(hash)) report({ seq: row.seq, code: 'link-broken' });
    if (!eventHash(covered(row)).equals(row.hash)) report({ seq: row.seq, code: 'hash-mismatch' });
    if (row.payload !== null) {
      if (!payloadDigest(row.payload).equals(row.payload_digest)) report({ seq: row.seq, code: 'payload-mismatch' });
    } else if (row.erased_at_ms !== null) erasedPayloads += 1;
    else report({ seq: row.seq, code: 'payload-mismatch' });
    if (stated.has(row.seq) && stated.get(row.seq) !== row.hash.toString('hex'))
      report({ seq: row.seq, code: 'checkpoint-mismatch' });
    seq = row.seq;
    hash = row.hash;
  }
  for (const [index, line] of lines.entries()) {
    // A line that is no checkpoint is somebody's edit: said at the checkpoint before it.
    if (line === null)
      report({ seq: lines.slice(0, index).findLast((one) => one !== null)?.seq ?? 0, code: 'checkpoint-signature' });
  }
  for (const checkpoint of checkpoints) {
    if (!isSigned(checkpoint, publicKeyPem)) report({ seq: checkpoint.seq, code: 'checkpoint-signature' });
    if (checkpoint.seq > seq) report({ seq: checkpoint.seq, code: 'truncated' });
  }
  const last = checkpoints.at(-1);
  return {
    outcome: faults.length === 0 ? 'intact' : 'broken',
    events,
    headSeq: seq,
    headHash: hash.toString('hex'),
    erasedPayloads,
    checkpoints: { count: checkpoints.length, lastSeq: last?.seq ?? null, lastAtMs: last?.atMs ?? null },
    faults,
    tookMs: Math.round(performance.now() - startedAt),
  };
}

/** The columns of the hash alone: the payload stands beside them and may be erased. */
function covered(row: Walked): Omit<EventRow, 'hash'> {
  const { hash: _hash, payload: _payload, erased_at_ms: _erased, ...rest } = row;
  return rest;
}
