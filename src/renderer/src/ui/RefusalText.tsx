import type { TFunction } from 'i18next';
import type { ReactNode } from 'react';
import page from './Page.module.css';

type Props = {
  /** Null: nothing was refused. */
  readonly failure: {
    readonly code: string;
    readonly detail: string | null;
    readonly incidentId: string | null;
  } | null;
  /** The words of the page it stands on: `refusal.` and the station's code. */
  readonly t: TFunction<
    'archive' | 'corrections' | 'media' | 'models' | 'reading' | 'reference' | 'runs' | 'storage' | 'triage'
  >;
};

/** Why something was not done, in words. */
export function RefusalText({ failure, t }: Props): ReactNode {
  if (failure === null) return null;
  const { detail, code, incidentId } = failure;
  return (
    <p role="alert" className={page.bad}>
      {t([`refusal.${detail}`, `app:failure.${code}`, 'app:failure.unexpected-answer'])}
      {incidentId !== null && ` (${incidentId})`}
    </p>
  );
}
