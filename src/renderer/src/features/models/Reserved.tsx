import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type Permission, ROLE_PERMISSIONS, ROLES, type Role } from '../../../../shared/domain/permissions.ts';
import page from '../../ui/Page.module.css';

/** The roles of people that a permission comes with. */
export function rolesWith(permission: Permission): readonly Role[] {
  return ROLES.filter((role) => role !== 'service' && ROLE_PERMISSIONS[role].includes(permission));
}

/** That something is done by people of other roles: what, and which. */
export function Reserved({ what, permission }: { readonly what: string; readonly permission: Permission }): ReactNode {
  const { t } = useTranslation('models');
  const roles = rolesWith(permission).map((role) => t(`app:role.${role}`));
  return <span className={page.quiet}>{t('reserved', { what, roles: roles.join(', ') })}</span>;
}
