import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconDisc, IconDownload, IconFolder } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudyId } from '../../../shared/domain/ids.ts';

/** The ways a study leaves as files: downloaded as a ZIP, with a DICOMDIR, or written to a folder on another page. */
export function ExportMenu({ studyId }: { readonly studyId: StudyId }): ReactNode {
  const { t } = useTranslation('media');
  const address = (form: string) => `/api/v1/studies/${studyId}/export?form=${form}`;
  return (
    <Menu position="bottom-start" width={280} withinPortal>
      <Menu.Target>
        <Button size="compact-sm" variant="default" rightSection={<IconChevronDown size={14} aria-hidden />}>
          {t('export.menu')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={address('files')} download leftSection={<IconDownload size={16} />}>
          {t('export.zip')}
        </Menu.Item>
        <Menu.Item component="a" href={address('dicomdir')} download leftSection={<IconDisc size={16} />}>
          {t('export.dicomdir')}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconFolder size={16} />}
          renderRoot={(props: Record<string, unknown>) => <Link {...props} to="/media" search={{ study: studyId }} />}
        >
          {t('export.toFolder')}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t('export.warning')}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}
