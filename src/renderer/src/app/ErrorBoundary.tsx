import { Button, Code } from '@mantine/core';
import type { ErrorComponentProps } from '@tanstack/react-router';
import { Component, type ErrorInfo, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { EmptyState } from '../ui/EmptyState.tsx';

type Props = { readonly children: ReactNode };
type State = { readonly incidentId: string | null };

/** Catches a bug anywhere in the page, gives it an incident id, and lets a person go on. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { incidentId: null };

  static getDerivedStateFromError(): State {
    return { incidentId: crypto.randomUUID() };
  }

  override componentDidCatch(error: Error, info: ErrorInfo): void {
    reportIncident(this.state.incidentId, error, info.componentStack ?? '');
  }

  override render(): ReactNode {
    if (this.state.incidentId === null) return this.props.children;
    return <Fault incidentId={this.state.incidentId} onContinue={() => this.setState({ incidentId: null })} />;
  }
}

/** A bug inside one route: the shell around it stays. */
export function RouteFault({ error, reset }: ErrorComponentProps): ReactNode {
  const [incidentId] = useState(() => {
    const id = crypto.randomUUID();
    reportIncident(id, error, '');
    return id;
  });
  return <Fault incidentId={incidentId} onContinue={reset} />;
}

/** The console is the page's only log; an error's name and place, never its values. */
function reportIncident(incidentId: string | null, error: unknown, where: string): void {
  const [name, place] = error instanceof Error ? [error.name, placeOf(error)] : [typeof error, ''];
  console.error('page incident', incidentId, name, place, where);
}

/** The stack without its first line, which is the message. */
function placeOf(error: Error): string {
  return error.stack?.split('\n').slice(1, 6).join('\n') ?? '';
}

function Fault({
  incidentId,
  onContinue,
}: {
  readonly incidentId: string;
  readonly onContinue: () => void;
}): ReactNode {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <EmptyState title={t('fault.title')}>
        <p>{t('fault.text')}</p>
        <p>
          {t('failure.incident')} <Code>{incidentId}</Code>
        </p>
        <Button variant="default" onClick={onContinue}>
          {t('fault.continue')}
        </Button>
      </EmptyState>
    </div>
  );
}
