import {
  IconAlertOctagon,
  IconBrain,
  IconDatabaseSearch,
  IconDeviceFloppy,
  IconDisc,
  IconEyeCheck,
  IconHistory,
  IconList,
  IconListNumbers,
  IconUserEdit,
} from '@tabler/icons-react';
import type { Permission } from '../../../shared/domain/permissions.ts';

/** The pages one goes to by name: in the order of the bar, and who sees them. */
export const PAGES = [
  { id: 'worklist', to: '/worklist', permissions: ['worklist.read'], Icon: IconList },
  { id: 'archive', to: '/archive', permissions: ['study.retrieve'], Icon: IconDatabaseSearch },
  { id: 'quarantine', to: '/quarantine', permissions: ['quarantine.read'], Icon: IconAlertOctagon },
  { id: 'corrections', to: '/corrections', permissions: ['identity.correct'], Icon: IconUserEdit },
  { id: 'media', to: '/media', permissions: ['study.import'], Icon: IconDisc },
  { id: 'storage', to: '/storage', permissions: ['keeping.manage', 'objects.manage'], Icon: IconDeviceFloppy },
  { id: 'triage', to: '/triage', permissions: ['triage.read'], Icon: IconListNumbers },
  { id: 'models', to: '/models', permissions: ['models.read'], Icon: IconBrain },
  { id: 'reference', to: '/reference', permissions: ['truth.record'], Icon: IconEyeCheck },
  { id: 'audit', to: '/audit', permissions: ['audit.read'], Icon: IconHistory },
] as const satisfies readonly { readonly permissions: readonly Permission[]; readonly [key: string]: unknown }[];

/** The pages that somebody with these permissions may open; the worklist is everybody's. */
export function pagesFor(permissions: readonly Permission[]): readonly (typeof PAGES)[number][] {
  return PAGES.filter((page) => page.id === 'worklist' || page.permissions.some((one) => permissions.includes(one)));
}
