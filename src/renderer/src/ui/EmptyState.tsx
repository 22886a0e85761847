import type { ReactNode } from 'react';
import classes from './Notice.module.css';

type Props = {
  readonly icon?: ReactNode;
  readonly title: string;
  /** What this place is for, and what to do next. */
  readonly children?: ReactNode;
};

/** Nothing is here: what would be, and what to do to get it. */
export function EmptyState({ icon, title, children }: Props): ReactNode {
  return (
    <div className={classes.notice}>
      {icon && <span className={classes.icon}>{icon}</span>}
      <h2 className={classes.title}>{title}</h2>
      {children && <div className={classes.text}>{children}</div>}
    </div>
  );
}
