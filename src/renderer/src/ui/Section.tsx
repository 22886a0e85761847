import type { ReactNode } from 'react';
import page from './Page.module.css';
import classes from './Section.module.css';

type Props = {
  readonly title: string;
  /** What can be done with it. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
};

/** One subject of the page: its name, what can be done, and what there is to see. */
export function Section({ title, actions, children }: Props): ReactNode {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.sectionHead}>
        <h2 className={page.title}>{title}</h2>
        <div className={page.actions}>{actions}</div>
      </div>
      {children}
    </section>
  );
}
