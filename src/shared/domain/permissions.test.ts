import { expect, test } from 'vitest';
import { type Permission, PERMISSIONS, ROLE_PERMISSIONS, ROLES } from './permissions.ts';

const who = (permission: Permission) => ROLES.filter((role) => ROLE_PERMISSIONS[role].includes(permission));

test('whoever sends studies may ask an archive to answer for them, and so may who decides what leaves the cache', () => {
  expect(who('commitment.request')).toEqual([...new Set([...who('delivery.send'), ...who('keeping.manage')])]);
  expect(who('delivery.send')).toEqual(['radiologist', 'technologist', 'coordinator']);
});

test.each(PERMISSIONS)('%s is some role’s', (permission) => {
  expect(who(permission)).not.toEqual([]);
});
