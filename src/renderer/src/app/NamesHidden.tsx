import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { toggleNamesHidden, useNamesHidden } from '../ui/names-hidden.ts';
import classes from './Shell.module.css';

/** Says over every page that names are hidden, and shows them again; F8 does both, also while somebody types. */
export function NamesHidden(): ReactNode {
  const { t } = useTranslation();
  const { hidden } = useNamesHidden();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'F8' || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      toggleNamesHidden();
    };
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, []);
  if (!hidden) return null;
  return (
    <button type="button" className={classes.namesHidden} onClick={toggleNamesHidden}>
      {t('namesHidden.shown')}
    </button>
  );
}
