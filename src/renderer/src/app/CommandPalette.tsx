import { useMantineColorScheme } from '@mantine/core';
import { Spotlight, spotlight } from '@mantine/spotlight';
import {
  IconAlertOctagon,
  IconArrowRight,
  IconDisc,
  IconDatabaseSearch,
  IconHistory,
  IconKeyboard,
  IconList,
  IconLogout,
  IconMoon,
  IconSearch,
  IconSun,
  IconUserEdit,
} from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../bridge/client.ts';
import { signOut, useCurrentUser } from '../bridge/session.ts';
import { openShortcutSheet } from './ShortcutSheet.tsx';

/** Opens the palette. */
export function openCommandPalette(): void {
  spotlight.open();
}

/** Everything the shell can do, by typing (Ctrl+K). */
export function CommandPalette(): ReactNode {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const isDark = colorScheme !== 'light';
  const { permissions } = useCurrentUser();

  async function openNext(): Promise<void> {
    // Not reaching the station is shown by the strip.
    const next = await client.worklist.next().catch(() => null);
    if (next === null) await navigate({ to: '/worklist' });
    else await navigate({ to: '/reading/$studyId', params: { studyId: next.studyId } });
  }

  const size = 18;
  const actions = [
    { id: 'next', label: t('palette.next'), icon: <IconArrowRight size={size} />, run: () => void openNext() },
    {
      id: 'worklist',
      label: t('nav.worklist'),
      icon: <IconList size={size} />,
      run: () => void navigate({ to: '/worklist' }),
    },
    ...(permissions.includes('study.retrieve')
      ? [
          {
            id: 'archive',
            label: t('nav.archive'),
            icon: <IconDatabaseSearch size={size} />,
            run: () => void navigate({ to: '/archive' }),
          },
        ]
      : []),
    ...(permissions.includes('quarantine.read')
      ? [
          {
            id: 'quarantine',
            label: t('nav.quarantine'),
            icon: <IconAlertOctagon size={size} />,
            run: () => void navigate({ to: '/quarantine' }),
          },
        ]
      : []),
    ...(permissions.includes('identity.correct')
      ? [
          {
            id: 'corrections',
            label: t('nav.corrections'),
            icon: <IconUserEdit size={size} />,
            run: () => void navigate({ to: '/corrections' }),
          },
        ]
      : []),
    ...(permissions.includes('study.import')
      ? [
          {
            id: 'media',
            label: t('nav.media'),
            icon: <IconDisc size={size} />,
            run: () => void navigate({ to: '/media', search: {} }),
          },
        ]
      : []),
    ...(permissions.includes('audit.read')
      ? [
          {
            id: 'audit',
            label: t('nav.audit'),
            icon: <IconHistory size={size} />,
            run: () => void navigate({ to: '/audit' }),
          },
        ]
      : []),
    { id: 'shortcuts', label: t('shell.sheet'), icon: <IconKeyboard size={size} />, run: openShortcutSheet },
    {
      id: 'theme',
      label: t(isDark ? 'shell.toLight' : 'shell.toDark'),
      icon: isDark ? <IconSun size={size} /> : <IconMoon size={size} />,
      run: () => setColorScheme(isDark ? 'light' : 'dark'),
    },
    { id: 'sign-out', label: t('shell.signOut'), icon: <IconLogout size={size} />, run: () => void signOut() },
  ];

  return (
    <Spotlight
      shortcut="mod + K"
      overlayProps={{ blur: 0, backgroundOpacity: 0.5 }}
      highlightQuery
      attributes={{ content: { 'aria-label': t('palette.title') } }}
      nothingFound={t('palette.nothing')}
      searchProps={{ leftSection: <IconSearch size={size} />, placeholder: t('palette.placeholder') }}
      actions={actions.map(({ id, label, icon, run }) => ({ id, label, leftSection: icon, onClick: run }))}
    />
  );
}
