import { type ReactNode, useMemo, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { addressOf } from '../frame-marks.ts';
import { findImage, type Stack, type StackImage } from '../stack.ts';
import { isSameFrame, type KeyImageBook } from './key-image-book.ts';
import classes from './KeyImageMarks.module.css';

type LineProps = { readonly book: KeyImageBook; readonly image: StackImage | null };

/** Says on a picture which readers picked it out; that it is not known where the station could not be asked. */
export function KeyImageLine({ book, image }: LineProps): ReactNode {
  const { t } = useTranslation('reading');
  const { marks, isUnknown } = useSyncExternalStore(book.subscribe, book.getState);
  if (image === null) return null;
  if (isUnknown) return <span>{t('keyImages.unknown')}</span>;
  const on = marks.filter((mark) => isSameFrame(mark, addressOf(image)));
  if (on.length === 0) return null;
  return (
    <strong className={classes.line} data-key-image>
      ★ {t('keyImages.mark', { readers: on.map(({ by }) => by ?? t('keyImages.you')).join(', ') })}
    </strong>
  );
}

type StripProps = { readonly book: KeyImageBook; readonly stack: Stack; readonly index: number };

/** Where in a series its key images lie and where this one does, first at the top; nothing in a series without any. */
export function KeyImageStrip({ book, stack, index }: StripProps): ReactNode {
  const { marks } = useSyncExternalStore(book.subscribe, book.getState);
  const places = useMemo(
    () => [...new Set(marks.flatMap((mark) => findImage(stack, mark) ?? []))].toSorted((a, b) => a - b),
    [marks, stack],
  );
  const last = stack.images.length - 1;
  if (places.length === 0 || last === 0) return null;
  const topOf = (place: number) => `${(100 * place) / last}%`;
  return (
    <div className={classes.strip} aria-hidden data-key-places={places.map((place) => place + 1).join(' ')}>
      <i className={classes.here} style={{ top: topOf(index) }} />
      {places.map((place) => (
        <i key={place} className={classes.tick} style={{ top: topOf(place) }} />
      ))}
    </div>
  );
}
