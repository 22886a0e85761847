import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { clinicalColours, theme } from './theme.ts';

const colourScheme = localStorageColorSchemeManager({ key: 'wetread-colour-scheme' });

type Props = { readonly cache: QueryClient; readonly children: ReactNode };

/** What every component may lean on: the theme, notifications and the cache of the station's answers. */
export function Providers({ cache, children }: Props): ReactNode {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={clinicalColours}
      defaultColorScheme="dark"
      colorSchemeManager={colourScheme}
    >
      <QueryClientProvider client={cache}>
        <Notifications position="bottom-right" limit={4} />
        {children}
      </QueryClientProvider>
    </MantineProvider>
  );
}
