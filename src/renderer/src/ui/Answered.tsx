import type { ReactNode } from 'react';
import { IncidentNotice } from './IncidentNotice.tsx';

type Props<Data> = {
  readonly answer:
    | { readonly state: 'loading' }
    | {
        readonly state: 'failed';
        readonly failure: { readonly code: string; readonly incidentId: string | null };
        readonly retry: () => void;
      }
    | { readonly state: 'ready'; readonly data: Data };
  /** What could not be shown, in a few plain words. */
  readonly failed: string;
  /** The shape of what comes. */
  readonly skeleton: ReactNode;
  readonly children: (data: Data) => ReactNode;
};

/** What was asked for: its shape while it comes, why it did not come, or itself. */
export function Answered<Data>({ answer, failed, skeleton, children }: Props<Data>): ReactNode {
  switch (answer.state) {
    case 'loading':
      return skeleton;
    case 'failed':
      return <IncidentNotice title={failed} failure={answer.failure} onRetry={answer.retry} />;
    case 'ready':
      return children(answer.data);
  }
}
