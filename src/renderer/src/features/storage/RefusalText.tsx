import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { failureOf } from '../../bridge/failure.ts';
import page from '../../ui/Page.module.css';

/** Why something was not done, in words; nothing where nothing was refused. */
export function RefusalText({ error }: { readonly error: unknown }): ReactNode {
  const { t } = useTranslation('storage');
  if (error === null || error === undefined) return null;
  const { detail, code, incidentId } = failureOf(error);
  return (
    <p role="alert" className={page.bad}>
      {t([`refusal.${detail}`, `app:failure.${code}`, 'app:failure.unexpected-answer'])}
      {incidentId !== null && ` (${incidentId})`}
    </p>
  );
}
