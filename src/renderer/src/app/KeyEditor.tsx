import { ActionIcon } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { UserPreference } from '../bridge/user-preferences.ts';
import { keyRefusal, type Shortcut } from '../ui/shortcuts.ts';
import classes from './ShortcutSheet.module.css';
import type { OwnKeys } from './use-own-keys.ts';

type Props = {
  readonly id: string;
  readonly label: string;
  /** The others it must differ from. */
  readonly shortcuts: readonly Omit<Shortcut, 'run'>[];
  readonly own: UserPreference<OwnKeys>;
};

/** Takes another key for a shortcut: press the pencil, then the key. */
export function KeyEditor({ id, label, shortcuts, own }: Props): ReactNode {
  const { t } = useTranslation();
  const [isAsking, setIsAsking] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const take = (pressed: string) => {
    const key = pressed.length === 1 ? pressed.toLowerCase() : pressed;
    const refused = keyRefusal(
      key,
      id,
      shortcuts.map((one) => ({ ...one, run: () => undefined })),
    );
    setIsAsking(false);
    setRefusal(refused && t(`shell.keyRefused.${refused.code}`, refused.code === 'taken' ? { by: refused.by } : {}));
    if (refused === null) own.set({ ...own.value, [id]: key });
  };
  return (
    <>
      <ActionIcon
        size={20}
        ml={6}
        variant="subtle"
        color="gray"
        aria-label={t('shell.changeKey', { label })}
        aria-pressed={isAsking}
        onClick={() => setIsAsking(true)}
        onBlur={() => setIsAsking(false)}
        onKeyDown={(event) => {
          if (
            !isAsking ||
            event.key === 'Tab' ||
            event.ctrlKey ||
            event.metaKey ||
            event.altKey ||
            event.key === 'Shift'
          )
            return;
          event.preventDefault();
          event.stopPropagation();
          if (event.key === 'Escape') setIsAsking(false);
          else take(event.key);
        }}
      >
        <IconPencil size={13} />
      </ActionIcon>
      {isAsking && <em className={classes.asking}>{t('shell.pressKey')}</em>}
      {refusal !== null && (
        <em className={classes.asking} role="alert">
          {refusal}
        </em>
      )}
    </>
  );
}
