import { Button, Checkbox, Menu, TextInput } from '@mantine/core';
import { IconBookmark, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { memo, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { WorklistQuestion, WorklistView } from '../../../../shared/contract/worklist.ts';
import { client } from '../../bridge/client.ts';
import { failureOf } from '../../bridge/failure.ts';
import { station } from '../../bridge/queries.ts';
import { useCurrentUser } from '../../bridge/session.ts';
import { announce } from '../../ui/announcer.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { DialogActions } from '../../ui/DialogActions.tsx';
import page from '../../ui/Page.module.css';
import { useLayout } from './use-layout.ts';
import classes from './WorklistPage.module.css';
import { EVERYTHING } from './worklist-view.ts';

type Props = {
  readonly question: WorklistQuestion;
  readonly onQuestion: (changed: Partial<WorklistQuestion>) => void;
};

const isSame = (one: WorklistQuestion | null, other: WorklistQuestion) => JSON.stringify(one) === JSON.stringify(other);

/** Views of one's own and shared ones: take one, save what is listed now as one, and have the list open with it. */
export const ViewsMenu = memo(function ViewsMenu({ question, onQuestion }: Props): ReactNode {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const views = useQuery(station.worklist.views.queryOptions());
  const { layout, change } = useLayout();
  const { permissions } = useCurrentUser();
  const mayShare = permissions.includes('worklist.share');
  const [isSaving, setSaving] = useState(false);
  const current = views.data?.find((view) => isSame(view.question, question));
  const remove = useMutation({
    mutationFn: (view: WorklistView) => client.worklist.deleteView({ viewId: view.viewId }),
    onSettled: () => void cache.invalidateQueries({ queryKey: station.worklist.views.key() }),
    onError: (error) => announce(t([`failure.${failureOf(error).code}`, 'failure.unexpected-answer'])),
  });
  const groups = [
    ['own', views.data?.filter((view) => !view.isShared) ?? []],
    ['shared', views.data?.filter((view) => view.isShared) ?? []],
  ] as const;
  return (
    <>
      <Menu position="bottom-start" width={300} withInitialFocusPlaceholder={false}>
        <Menu.Target>
          <Button size="xs" variant="default" leftSection={<IconBookmark size={14} />}>
            {current?.name ?? t('worklist.views.title')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => onQuestion(EVERYTHING)}>{t('worklist.views.everything')}</Menu.Item>
          {groups.map(
            ([name, list]) =>
              list.length > 0 && (
                <div key={name}>
                  <Menu.Label>{t(`worklist.views.${name}`)}</Menu.Label>
                  {list.map((view) => (
                    <div key={view.viewId} className={classes.choice}>
                      <Menu.Item onClick={() => onQuestion(view.question)}>{view.name}</Menu.Item>
                      {(view.isShared ? mayShare : view.isOwn) && (
                        <Menu.Item
                          className={classes.step}
                          closeMenuOnClick={false}
                          aria-label={t('worklist.views.delete', { name: view.name })}
                          onClick={() => remove.mutate(view)}
                        >
                          <IconTrash size={14} />
                        </Menu.Item>
                      )}
                    </div>
                  ))}
                </div>
              ),
          )}
          <Menu.Divider />
          <Menu.Item onClick={() => setSaving(true)}>{t('worklist.views.save')}</Menu.Item>
          <Menu.Item
            disabled={isSame(layout.startsWith ?? EVERYTHING, question)}
            onClick={() => change({ startsWith: question })}
          >
            {t('worklist.views.startsWith')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isSaving && <SaveView question={question} mayShare={mayShare} onClose={() => setSaving(false)} />}
    </>
  );
});

type SaveProps = { readonly question: WorklistQuestion; readonly mayShare: boolean; readonly onClose: () => void };

function SaveView({ question, mayShare, onClose }: SaveProps): ReactNode {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [name, setName] = useState('');
  const [isShared, setShared] = useState(false);
  const save = useMutation({
    mutationFn: () => client.worklist.saveView({ name, isShared, question }),
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: station.worklist.views.key() });
      onClose();
    },
  });
  return (
    <Dialog title={t('worklist.views.save')} closeLabel={t('worklist.views.cancel')} onClose={onClose}>
      <div className={page.stack}>
        <TextInput
          data-autofocus
          label={t('worklist.views.name')}
          description={t('worklist.views.nameText')}
          value={name}
          maxLength={60}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {mayShare && (
          <Checkbox
            label={t('worklist.views.share')}
            checked={isShared}
            onChange={(event) => setShared(event.currentTarget.checked)}
          />
        )}
        {save.isError && (
          <p role="alert">
            {t([
              `worklist.views.${failureOf(save.error).code}`,
              `failure.${failureOf(save.error).code}`,
              'failure.unexpected-answer',
            ])}
          </p>
        )}
        <DialogActions
          confirm={t('worklist.views.confirm')}
          cancel={t('worklist.views.cancel')}
          isPending={save.isPending}
          isDisabled={name.trim() === ''}
          onConfirm={() => save.mutate()}
          onCancel={onClose}
        />
      </div>
    </Dialog>
  );
}
