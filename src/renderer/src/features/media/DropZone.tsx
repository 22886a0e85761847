import { Button } from '@mantine/core';
import { IconDisc, IconFileZip, IconFolder } from '@tabler/icons-react';
import { type ChangeEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { droppedFiles, type Picked, pickedFiles } from './gather-files.ts';
import page from '../../ui/Page.module.css';
import classes from './MediaPage.module.css';

type Props = {
  readonly isBusy: boolean;
  readonly onPicked: (picked: Picked) => void;
  /** Null where no folder of the station is configured. */
  readonly onStation: (() => void) | null;
};

/** Where files, folders and ZIPs are dropped or chosen; every way works by keyboard too. */
export function DropZone({ isBusy, onPicked, onStation }: Props): ReactNode {
  const { t } = useTranslation('media');
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    const { files: list } = event.currentTarget;
    if (list !== null && list.length > 0) onPicked(pickedFiles(list));
    event.currentTarget.value = '';
  };
  const isOver = useDropAnywhere(onPicked);
  return (
    <section className={classes.drop} data-over={isOver || undefined} aria-label={t('import.drop')}>
      <div>
        <h2 className={page.title}>{t('import.drop')}</h2>
        <p className={page.quiet}>{t('import.dropText')}</p>
      </div>
      <div className={page.actions}>
        <Button leftSection={<IconFileZip size={16} />} loading={isBusy} onClick={() => files.current?.click()}>
          {t('import.files')}
        </Button>
        <Button
          variant="default"
          leftSection={<IconFolder size={16} />}
          disabled={isBusy}
          onClick={() => folder.current?.click()}
        >
          {t('import.folder')}
        </Button>
        {onStation !== null && (
          <Button variant="default" leftSection={<IconDisc size={16} />} disabled={isBusy} onClick={onStation}>
            {t('import.station')}
          </Button>
        )}
      </div>
      <input ref={files} type="file" multiple hidden aria-hidden tabIndex={-1} onChange={choose} />
      <input
        ref={(input) => {
          folder.current = input;
          input?.setAttribute('webkitdirectory', '');
        }}
        type="file"
        hidden
        aria-hidden
        tabIndex={-1}
        onChange={choose}
      />
    </section>
  );
}

/** What is dropped beside the frame counts too: a browser would leave the page for it. True while something is dragged over. */
function useDropAnywhere(onPicked: (picked: Picked) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const latest = useRef(onPicked);
  useEffect(() => {
    latest.current = onPicked;
  });
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      setIsOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const drop = (event: DragEvent) => {
      setIsOver(false);
      if (event.dataTransfer?.types.includes('Files') !== true) return;
      event.preventDefault();
      void droppedFiles(event.dataTransfer.items).then((picked) => {
        if (picked.files.length + picked.unread > 0) latest.current(picked);
      });
    };
    window.addEventListener('dragover', over);
    window.addEventListener('dragleave', leave);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragover', over);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('drop', drop);
    };
  }, []);
  return isOver;
}
