import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CompletenessMark } from '../../../shared/domain/study.ts';
import { markText } from './completeness-text.ts';
import classes from './Evidence.module.css';

/** What speaks against all images of a study being here; nothing where nothing does. */
export function CompletenessMarks({ marks }: { readonly marks: readonly CompletenessMark[] }): ReactNode {
  const { t } = useTranslation();
  if (marks.length === 0) return null;
  return (
    <ul className={classes.marks}>
      {marks.map((mark) => (
        <li key={mark.code}>{markText(mark, t)}</li>
      ))}
    </ul>
  );
}
