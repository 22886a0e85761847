import { oc } from '@orpc/contract';
import { expect, test } from 'vitest';
import { contract } from './contract.ts';
import { type GuardedRouter, procedure } from './procedure.ts';

test('every procedure says who may call it', () => {
  const accesses = Object.values(contract).flatMap((area) =>
    Object.values(area).map((one) => one['~orpc'].meta.access),
  );
  expect(accesses).not.toContain(undefined);
  expect(accesses.length).toBeGreaterThan(10);
});

test('only what a person causes counts as use of a session', () => {
  const used = Object.entries(contract).flatMap(([area, members]) =>
    Object.entries(members)
      .filter(([, one]) => one['~orpc'].meta.background !== true)
      .map(([name]) => `${area}.${name}`),
  );
  expect(used).toEqual([
    'sessions.signIn',
    'sessions.changePassword',
    'sessions.enterSite',
    'sessions.signOut',
    'sessions.touch',
    'worklist.next',
    'worklist.export',
    'worklist.print',
    'worklist.saveView',
    'worklist.deleteView',
    'studies.open',
    'studies.setKeyImage',
    'studies.decideFinding',
    'studies.requestCommitment',
    'studies.recall',
    'studies.promote',
    'deliveries.send',
    'deliveries.retry',
    'deliveries.cancel',
    'quarantine.get',
    'quarantine.retry',
    'quarantine.release',
    'quarantine.discard',
    'quarantine.settleStudy',
    'quarantine.takeBack',
    'identity.findPatients',
    'identity.move',
    'identity.split',
    'identity.merge',
    'identity.hide',
    'identity.confirm',
    'identity.undo',
    'audit.verify',
    'objects.fetchAgain',
    'objects.verify',
    'objects.rotateKeys',
    'users.create',
    'users.setRoles',
    'users.list',
    'services.createToken',
    'keeping.leaving',
    'keeping.hold',
    'keeping.releaseHold',
    'keeping.preview',
    'keeping.run',
    'peers.list',
    'peers.query',
    'peers.echo',
    'retrievals.start',
    'retrievals.cancel',
    'imports.start',
    'imports.finish',
    'imports.cancel',
    'imports.resume',
    'imports.browse',
    'exports.start',
    'exports.cancel',
    'models.step',
    'models.rollback',
    'models.suspend',
    'models.setUses',
    'models.chooseOperatingPoint',
    'models.signOperatingPoint',
    'models.fixTargets',
    'models.acceptanceReport',
    'models.signAcceptance',
    'models.probe',
    'models.discordances',
    'models.silentResults',
    'truths.studies',
    'truths.record',
    'runs.receipt',
    'runs.checkReceipt',
    'runs.replay',
    'analyses.ask',
    'modelFigures.card',
    'triage.proposePolicy',
    'triage.proposeRules',
    'triage.withdraw',
    'triage.sign',
    'triage.rollBack',
    'triage.previewRules',
    'triage.replay',
    'triage.declare',
    'routing.propose',
    'routing.preview',
    'routing.sayPresence',
    'routing.pin',
    'routing.take',
    'routing.giveBack',
    'routing.takeOut',
    'routing.endOverride',
    'preferences.put',
    'preferences.forget',
  ]);
});

test('a procedure without a declared access does not compile', () => {
  const guarded = { fine: procedure('public') } satisfies GuardedRouter;
  // @ts-expect-error: a bare contract procedure carries no access.
  const bare = { missing: oc } satisfies GuardedRouter;
  // @ts-expect-error: an access that is not a permission is refused.
  procedure('study.destroy');
  expect([guarded, bare]).toHaveLength(2);
});
