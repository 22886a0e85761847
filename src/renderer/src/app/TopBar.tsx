import { ActionIcon, Menu, Tooltip, UnstyledButton, useMantineColorScheme } from '@mantine/core';
import {
  IconChevronDown,
  IconCommand,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSun,
  IconVolume,
  IconVolumeOff,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CurrentUser } from '../../../shared/contract/sessions.ts';
import { enterSite, signOut, useCurrentUser } from '../bridge/session.ts';
import { usePreferences } from '../ui/preferences.ts';
import { openCommandPalette } from './CommandPalette.tsx';
import { CriticalIndicator } from './CriticalIndicator.tsx';
import type { UnopenedCriticals } from './use-critical-watch.ts';
import { pagesFor } from './pages.ts';
import classes from './Shell.module.css';
import { openShortcutSheet } from './ShortcutSheet.tsx';

/** The top of every page: where one is, what must not be overlooked, and who is signed in. */
export function TopBar({ unopened }: { readonly unopened: UnopenedCriticals }): ReactNode {
  const { t } = useTranslation();
  const user = useCurrentUser();
  return (
    <header className={classes.bar}>
      <span className={classes.product}>Wetread</span>
      <SiteName user={user} />
      <nav className={classes.tabs} aria-label={t('shell.pages')}>
        {pagesFor(user.permissions).map(({ id, to }) => (
          <Link key={id} to={to} search={{}} className={classes.tab}>
            {t(`nav.${id}`)}
          </Link>
        ))}
      </nav>
      <span className={classes.space} />
      <CriticalIndicator {...unopened} />
      <Tooltip label={t('shell.palette')}>
        <ActionIcon variant="subtle" color="gray" aria-label={t('shell.palette')} onClick={openCommandPalette}>
          <IconCommand size={18} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={t('shell.shortcuts')}>
        <ActionIcon variant="subtle" color="gray" aria-label={t('shell.shortcuts')} onClick={openShortcutSheet}>
          <IconKeyboard size={18} />
        </ActionIcon>
      </Tooltip>
      <UserMenu name={user.displayName} roles={user.roles.map((role) => t(`role.${role}`)).join(', ')} />
    </header>
  );
}

/** Where one is; who works at several sites goes from one to the other here. */
function SiteName({ user }: { readonly user: CurrentUser }): ReactNode {
  const { t } = useTranslation();
  if (user.sites.length < 2) return <span className={classes.site}>{user.site.name}</span>;
  return (
    <Menu position="bottom-start" withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.site} aria-label={t('shell.siteMenu', { name: user.site.name })}>
          {user.site.name} <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {user.sites.map(({ code, name }) => (
          <Menu.Item key={code} disabled={code === user.site.code} onClick={() => void enterSite(code)}>
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function UserMenu({ name, roles }: { readonly name: string; readonly roles: string }): ReactNode {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const isDark = colorScheme !== 'light';
  const { criticalSound, singleLetterKeys } = usePreferences();
  return (
    <Menu position="bottom-end" width={240} withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.user} aria-label={t('shell.userMenu', { name })}>
          {name} <IconChevronDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{roles}</Menu.Label>
        <Menu.Item
          leftSection={isDark ? <IconSun size={16} /> : <IconMoon size={16} />}
          onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
        >
          {t(isDark ? 'shell.toLight' : 'shell.toDark')}
        </Menu.Item>
        <Menu.Item
          leftSection={criticalSound ? <IconVolumeOff size={16} /> : <IconVolume size={16} />}
          onClick={() => usePreferences.setState({ criticalSound: !criticalSound })}
        >
          {t(criticalSound ? 'shell.soundOff' : 'shell.soundOn')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconKeyboard size={16} />}
          onClick={() => usePreferences.setState({ singleLetterKeys: !singleLetterKeys })}
        >
          {t(singleLetterKeys ? 'shell.lettersOff' : 'shell.lettersOn')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void signOut()}>
          {t('shell.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
