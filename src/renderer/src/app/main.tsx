// First of all: zod must never probe `new Function` under the page's content security policy.
import '../../../shared/domain/zod-setup.ts';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './theme.css';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { connectWhileSignedIn } from '../bridge/client.ts';
import { createQueryClient } from '../bridge/queries.ts';
import { refreshSession } from '../bridge/session.ts';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { Providers } from './providers.tsx';
import { createPageRouter } from './router.tsx';
import { setUpText } from './text/text.ts';

setUpText();
const cache = createQueryClient();
const router = createPageRouter(cache);

await refreshSession();
connectWhileSignedIn();

const place = document.getElementById('root');
if (place === null) throw new Error('The page has no place for its content.');
createRoot(place).render(
  <StrictMode>
    <Providers cache={cache}>
      <ErrorBoundary>
        <RouterProvider router={router} />
      </ErrorBoundary>
    </Providers>
  </StrictMode>,
);
