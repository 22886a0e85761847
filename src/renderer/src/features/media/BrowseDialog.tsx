import { Button, Select } from '@mantine/core';
import { IconArrowUp, IconFileZip, IconFolder } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { station } from '../../bridge/queries.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import page from '../../ui/Page.module.css';
import classes from './MediaPage.module.css';

type Props = {
  readonly folders: readonly string[];
  readonly onStart: (folder: string, path: string) => void;
  readonly onClose: () => void;
};

/** Walks the folders of the station's machine that are open to imports, and starts one from a folder or a ZIP. */
export function BrowseDialog({ folders, onStart, onClose }: Props): ReactNode {
  const { t } = useTranslation('media');
  const [folder, setFolder] = useState(folders[0] ?? '');
  const [path, setPath] = useState<readonly string[]>([]);
  const where = path.join('/');
  const view = useQuery(station.imports.browse.queryOptions({ input: { folder, path: where } }));
  return (
    <Dialog title={t('browse.title')} closeLabel={t('browse.close')} onClose={onClose}>
      <div className={page.stack}>
        <Select
          label={t('browse.folder')}
          data={[...folders]}
          value={folder}
          allowDeselect={false}
          onChange={(one) => {
            setFolder(one ?? '');
            setPath([]);
          }}
        />
        <div className={page.actions}>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconArrowUp size={14} />}
            disabled={path.length === 0}
            onClick={() => setPath(path.slice(0, -1))}
          >
            {t('browse.up')}
          </Button>
          <span className={page.quiet}>/{where}</span>
        </div>
        {view.isPending && <p className={page.quiet}>{t('app:loading')}</p>}
        {view.isError && (
          <p role="alert" className={page.bad}>
            {t('browse.failed')}
          </p>
        )}
        {view.data !== undefined && (
          <ul className={classes.places}>
            {view.data.entries.length === 0 && <li className={page.quiet}>{t('browse.nothing')}</li>}
            {view.data.entries.map(({ name, kind }) => (
              <li key={name}>
                <Button
                  fullWidth
                  justify="start"
                  variant="subtle"
                  color="gray"
                  leftSection={kind === 'zip' ? <IconFileZip size={16} /> : <IconFolder size={16} />}
                  aria-label={t(kind === 'zip' ? 'browse.startZip' : 'browse.into', { name })}
                  onClick={() =>
                    kind === 'zip' ? onStart(folder, [...path, name].join('/')) : setPath([...path, name])
                  }
                >
                  {name}
                </Button>
              </li>
            ))}
            <li className={page.quiet}>{t('browse.files', { count: view.data.files })}</li>
          </ul>
        )}
        <Button disabled={view.data === undefined} onClick={() => onStart(folder, where)}>
          {t('browse.start')}
        </Button>
      </div>
    </Dialog>
  );
}
