import { z } from 'zod';

/** Everything a procedure may require; a new one is added here and granted in ROLE_PERMISSIONS. */
export const PERMISSIONS = [
  'worklist.read',
  'study.read',
  'study.open',
  'study.promote',
  'study.retrieve',
  'study.store',
  'study.import',
  'study.export',
  'audit.read',
  'audit.verify',
  'station.read',
  'delivery.read',
  'delivery.send',
  'quarantine.read',
  'quarantine.settle',
  'identity.correct',
  'users.manage',
  'keeping.manage',
  'objects.manage',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const ROLES = ['radiologist', 'technologist', 'coordinator', 'administrator', 'service'] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

/** What each role may do, as data; roles are refined by a later issue. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  radiologist: [
    'worklist.read',
    'study.read',
    'study.open',
    'study.promote',
    'study.retrieve',
    'study.import',
    'study.export',
    'station.read',
    'audit.read',
    'delivery.read',
    'delivery.send',
  ],
  technologist: [
    'worklist.read',
    'study.read',
    'study.promote',
    'study.retrieve',
    'study.import',
    'study.export',
    'station.read',
    'delivery.read',
    'delivery.send',
    'quarantine.read',
    'quarantine.settle',
    'identity.correct',
  ],
  coordinator: [
    'worklist.read',
    'study.read',
    'study.retrieve',
    'study.import',
    'study.export',
    'station.read',
    'delivery.read',
    'delivery.send',
    'quarantine.read',
    'identity.correct',
  ],
  administrator: [
    'worklist.read',
    'study.read',
    'audit.read',
    'audit.verify',
    'station.read',
    'delivery.read',
    'quarantine.read',
    'quarantine.settle',
    'identity.correct',
    'keeping.manage',
    'users.manage',
    'objects.manage',
  ],
  service: [
    'worklist.read',
    'study.read',
    'study.store',
    'station.read',
    'delivery.read',
    'audit.read',
    'audit.verify',
  ],
};
