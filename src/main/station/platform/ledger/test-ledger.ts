import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WritableDb } from '../store/database.ts';
import { openTestStore, type TestStore } from '../store/test-store.ts';
import { inTransaction } from '../store/transaction.ts';
import { appendEvent } from './append.ts';
import { serviceActor } from './event.ts';

/** A store with a checkpoint file beside it and a key to sign with. */
export type TestLedger = TestStore & {
  readonly checkpoints: string;
  readonly signingKey: KeyObject;
  readonly publicKeyPem: string;
};

/** Opens an empty ledger for a test. */
export function openTestLedger(): TestLedger {
  const store = openTestStore();
  const folder = mkdtempSync(path.join(tmpdir(), 'wetread-ledger-'));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    ...store,
    checkpoints: path.join(folder, 'checkpoints.jsonl'),
    signingKey: privateKey,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    close() {
      store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Appends one event that tells of nothing but its number, in a transaction of its own. */
export function appendNumbered(db: WritableDb, number: number, siteId: string | null = null): number {
  return inTransaction(db, () =>
    appendEvent(db, {
      kind: 'station-started',
      payload: { version: `1.0.${number}` },
      siteId,
      actor: serviceActor('test'),
      correlationId: `c-${number}`,
      atMs: number,
    }),
  );
}
