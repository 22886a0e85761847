import type { ReactNode } from 'react';
import classes from './DataTable.module.css';

type Props = {
  readonly label: string;
  /** The headings, in order. */
  readonly columns: readonly string[];
  /** Rows (`tr`) of as many cells. */
  readonly children: ReactNode;
};

/** Rows to be read and acted on one by one; `td[data-number]` holds figures and moments. */
export function DataTable({ label, columns, children }: Props): ReactNode {
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
