import { ActionIcon, Menu } from '@mantine/core';
import { IconCheck, IconLink } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type Links, SCROLL_LINKS } from '../../viewport/linked-views.ts';

type Props = { readonly links: Links; readonly onLinks: (links: Links) => void };

/** What the viewports do together: scrolling, windows, and lines where they cut each other. */
export function LinkMenu({ links, onLinks }: Props): ReactNode {
  const { t } = useTranslation('reading');
  return (
    <Menu position="bottom-start" withinPortal closeOnItemClick={false}>
      <Menu.Target>
        <ActionIcon size={28} variant="subtle" color="gray" aria-label={t('link.menu')} title={t('link.menu')}>
          <IconLink size={17} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('link.scroll')}</Menu.Label>
        {SCROLL_LINKS.map((scroll) => (
          <Choice
            key={scroll}
            kind="menuitemradio"
            label={t(`link.scrolls.${scroll}`)}
            isOn={links.scroll === scroll}
            onClick={() => onLinks({ ...links, scroll })}
          />
        ))}
        <Menu.Divider />
        <Choice
          kind="menuitemcheckbox"
          label={t('link.window')}
          isOn={links.window}
          onClick={() => onLinks({ ...links, window: !links.window })}
        />
        <Choice
          kind="menuitemcheckbox"
          label={t('link.lines')}
          isOn={links.lines}
          onClick={() => onLinks({ ...links, lines: !links.lines })}
        />
      </Menu.Dropdown>
    </Menu>
  );
}

type ChoiceProps = {
  readonly kind: 'menuitemradio' | 'menuitemcheckbox';
  readonly label: string;
  readonly isOn: boolean;
  readonly onClick: () => void;
};

function Choice({ kind, label, isOn, onClick }: ChoiceProps): ReactNode {
  return (
    <Menu.Item
      role={kind}
      aria-checked={isOn}
      leftSection={<IconCheck size={15} visibility={isOn ? 'visible' : 'hidden'} />}
      onClick={onClick}
    >
      {label}
    </Menu.Item>
  );
}
