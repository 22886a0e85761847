import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { IconDots, IconPrinter, IconTableExport } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistQuestion } from '../../../../shared/contract/worklist.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { announce } from '../../ui/announcer.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { DowntimeList } from './DowntimeList.tsx';

type Props = {
  readonly question: WorklistQuestion /** What is searched for in it; empty: nothing. */;
  readonly text: string;
};

/** What of the list that is shown may be taken out of the station: a table, or paper for when it is down. Both are recorded. */
export const TakeMenu = memo(function TakeMenu({ question, text }: Props): ReactNode {
  const { t } = useTranslation();
  const { permissions } = useCurrentUser();
  const asked = text === '' ? question : { ...question, text };
  const table = useMutation({
    mutationFn: () => client.worklist.export(asked),
    onSuccess: ({ fileName, csv, rows, total }) => {
      const address = URL.createObjectURL(new Blob([csv], { type: 'text/csv;charset=utf-8' }));
      const link = document.createElement('a');
      link.href = address;
      link.download = fileName;
      link.click();
      URL.revokeObjectURL(address);
      const whole = total === null ? 'first' : rows < total ? 'partly' : 'exported';
      announce(t(`worklist.take.${whole}`, { rows, total }));
    },
  });
  const paper = useMutation({ mutationFn: () => client.worklist.print(asked) });
  const failed = table.isError ? table : paper.isError ? paper : null;
  if (!permissions.includes('worklist.export')) return null;
  return (
    <>
      <Menu position="bottom-end" width={260} withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <Tooltip label={t('worklist.take.title')}>
            <ActionIcon
              variant="default"
              size={30}
              aria-label={t('worklist.take.title')}
              loading={table.isPending || paper.isPending}
            >
              <IconDots size={17} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconTableExport size={15} />} onClick={() => table.mutate()}>
            {t('worklist.take.csv')}
          </Menu.Item>
          <Menu.Item leftSection={<IconPrinter size={15} />} onClick={() => paper.mutate()}>
            {t('worklist.take.paper')}
          </Menu.Item>
          <Menu.Label>{t('worklist.take.recorded')}</Menu.Label>
        </Menu.Dropdown>
      </Menu>
      {failed !== null && (
        <Dialog title={t('worklist.take.failed')} closeLabel={t('worklist.take.close')} onClose={failed.reset}>
          <p role="alert">{t([`failure.${failureOf(failed.error).code}`, 'failure.unexpected-answer'])}</p>
        </Dialog>
      )}
      {paper.data && <DowntimeList {...paper.data} question={question} text={text} onClose={paper.reset} />}
    </>
  );
});
