import { Kbd, useMantineColorScheme } from '@mantine/core';
import { Spotlight, spotlight } from '@mantine/spotlight';
import {
  IconArrowRight,
  IconEyeOff,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSearch,
  IconSun,
} from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { client } from '../bridge/client.ts';
import { signOut, useCurrentUser } from '../bridge/session.ts';
import { toggleNamesHidden } from '../ui/names-hidden.ts';
import { useShortcutGroups } from '../ui/shortcuts.ts';
import { keyName } from './key-name.ts';
import { pagesFor } from './pages.ts';
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
  // What the page can do now, by its own keys.
  const { groups } = useShortcutGroups();

  async function openNext(): Promise<void> {
    // Not reaching the station is shown by the strip.
    const next = await client.worklist.next().catch(() => null);
    if (next === null) await navigate({ to: '/worklist' });
    else await navigate({ to: '/reading/$studyId', params: { studyId: next.studyId } });
  }

  const size = 18;
  const actions = [
    { id: 'next', label: t('palette.next'), icon: <IconArrowRight size={size} />, run: () => void openNext() },
    ...pagesFor(permissions).map(({ id, to, Icon }) => ({
      ...{ id: String(id), label: t(`nav.${id}`), icon: <Icon size={size} /> },
      run: () => void navigate({ to, search: {} }),
    })),
    { id: 'names', label: t('namesHidden.action'), icon: <IconEyeOff size={size} />, run: toggleNamesHidden },
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
      actions={[
        ...actions.map(({ id, label, icon, run }) => ({ id, label, leftSection: icon, onClick: run })),
        ...groups.map(({ heading, shortcuts }, place) => ({
          group: heading,
          actions: shortcuts.map(({ key, mod, label, run }, index) => ({
            id: `${place}-${index}`,
            label,
            rightSection: <Kbd>{`${mod ? 'Ctrl + ' : ''}${keyName(key)}`}</Kbd>,
            onClick: run,
          })),
        })),
      ]}
      scrollable
      maxHeight="60vh"
    />
  );
}
