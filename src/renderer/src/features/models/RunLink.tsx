import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { RunId } from '../../../../shared/domain/ids.ts';

/** Leads to a run with its receipt. */
export function RunLink({ runId, children }: { readonly runId: string; readonly children: ReactNode }): ReactNode {
  return (
    <Link to="/runs/$runId" params={{ runId: RunId.parse(runId) }}>
      {children}
    </Link>
  );
}
