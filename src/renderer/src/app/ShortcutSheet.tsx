import { Button, Kbd, Modal, Switch } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { create } from 'zustand';
import type { UserPreference } from '../bridge/user-preferences.ts';
import { usePreferences } from '../ui/preferences.ts';
import { isTyping, type Shortcut, useShortcutGroups } from '../ui/shortcuts.ts';
import { KeyEditor } from './KeyEditor.tsx';
import { keyName } from './key-name.ts';
import classes from './ShortcutSheet.module.css';
import { type OwnKeys, useOwnKeysOf } from './use-own-keys.ts';

const useSheet = create<{ readonly open: boolean }>()(() => ({ open: false }));

/** Shows the sheet. */
export function openShortcutSheet(): void {
  useSheet.setState({ open: true });
}

function close(): void {
  useSheet.setState({ open: false });
}

/** Every key the page answers now, by heading (`?`), and the switch for single letters. A viewer window has no palette: it goes to no page. */
export function ShortcutSheet({ isViewer = false }: { readonly isViewer?: boolean }): ReactNode {
  const { t } = useTranslation();
  const { open } = useSheet();
  const { groups } = useShortcutGroups();
  const { singleLetterKeys } = usePreferences();
  const own = useOwnKeysOf();
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key !== '?' || isTyping(event.target) || !usePreferences.getState().singleLetterKeys) return;
      event.preventDefault();
      openShortcutSheet();
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, []);
  const everywhere: readonly Omit<Shortcut, 'run'>[] = [
    ...(isViewer ? [] : [{ key: 'k', mod: true, label: t('palette.title') }]),
    { key: '?', label: t('shell.sheet') },
    { key: 'F8', label: t('namesHidden.action') },
  ];
  return (
    <Modal
      opened={open}
      onClose={close}
      withCloseButton={false}
      size="xl"
      attributes={{ content: { 'aria-label': t('shell.sheet') } }}
    >
      <h2 className={classes.title}>{t('shell.sheet')}</h2>
      <div className={classes.groups}>
        <Group heading={t('shell.everywhere')} shortcuts={everywhere} own={own} />
        {[...Map.groupBy(groups, (group) => group.heading)].map(([heading, under]) => (
          <Group key={heading} heading={heading} shortcuts={under.flatMap((group) => group.shortcuts)} own={own} />
        ))}
      </div>
      <Switch
        mt="md"
        checked={singleLetterKeys}
        onChange={(event) => usePreferences.setState({ singleLetterKeys: event.currentTarget.checked })}
        label={t('shell.letters')}
        description={t('shell.lettersMean')}
      />
      {own.isUnkept && <p role="alert">{t('shell.keysUnkept')}</p>}
      {Object.keys(own.value).length > 0 && (
        <Button mt="md" mr="sm" variant="default" onClick={() => own.set({})}>
          {t('shell.keysShipped')}
        </Button>
      )}
      <Button mt="md" variant="default" onClick={close}>
        {t('shell.close')}
      </Button>
    </Modal>
  );
}

type GroupProps = {
  readonly heading: string;
  readonly shortcuts: readonly Omit<Shortcut, 'run'>[];
  readonly own: UserPreference<OwnKeys>;
};

function Group({ heading, shortcuts, own }: GroupProps): ReactNode {
  return (
    <section>
      <h3 className={classes.heading}>{heading}</h3>
      <dl className={classes.list}>
        {shortcuts.map((one) => (
          <div key={`${one.mod}${one.key}`} className={classes.line}>
            <dt>
              {one.mod && (
                <>
                  <Kbd>Ctrl</Kbd>+
                </>
              )}
              <Kbd>{keyName(one.key)}</Kbd>
              {one.alias && one.alias.toLowerCase() !== one.key && (
                <>
                  {' '}
                  <Kbd>{keyName(one.alias)}</Kbd>
                </>
              )}
            </dt>
            <dd>
              {one.label}
              {one.id !== undefined && one.mod !== true && (
                <KeyEditor id={one.id} label={one.label} shortcuts={shortcuts} own={own} />
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
