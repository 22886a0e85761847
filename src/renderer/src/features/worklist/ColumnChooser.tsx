import { ActionIcon, Menu, Tooltip } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconColumns3 } from '@tabler/icons-react';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { usePreferences } from '../../ui/preferences.ts';
import { ALWAYS_SHOWN, COLUMN_IDS, COLUMNS_AS_DELIVERED } from './columns.tsx';
import { movedColumn, useLayout, withColumn } from './use-layout.ts';
import classes from './WorklistPage.module.css';

/** Which columns the list has and in which order, how dense it is, and whether the preview stands beside it. */
export const ColumnChooser = memo(function ColumnChooser(): ReactNode {
  const { t } = useTranslation();
  const { layout, change } = useLayout();
  const { columns, density } = layout;
  const { showPreview } = usePreferences();
  const hidden = COLUMN_IDS.filter((id) => !columns.includes(id));
  return (
    <Menu closeOnItemClick={false} position="bottom-end" width={270} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Tooltip label={t('worklist.columns')}>
          <ActionIcon variant="default" size={30} aria-label={t('worklist.columns')}>
            <IconColumns3 size={17} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('worklist.columns')}</Menu.Label>
        {[...columns, ...hidden].map((id) => {
          const isShown = columns.includes(id);
          return (
            <div key={id} className={classes.choice}>
              <Choice
                isOn={isShown}
                isFixed={ALWAYS_SHOWN.includes(id)}
                onToggle={() => change({ columns: withColumn(columns, id) })}
              >
                {t(`worklist.column.${id}`)}
              </Choice>
              {isShown &&
                ([-1, 1] as const).map((by) => (
                  <Menu.Item
                    key={by}
                    className={classes.step}
                    aria-label={t(by === -1 ? 'worklist.moveLeft' : 'worklist.moveRight', {
                      column: t(`worklist.column.${id}`),
                    })}
                    disabled={movedColumn(columns, id, by) === columns}
                    onClick={() => change({ columns: movedColumn(columns, id, by) })}
                  >
                    {by === -1 ? <IconArrowUp size={14} /> : <IconArrowDown size={14} />}
                  </Menu.Item>
                ))}
            </div>
          );
        })}
        <Menu.Item onClick={() => change({ columns: [...COLUMNS_AS_DELIVERED] })}>
          {t('worklist.columnsAsDelivered')}
        </Menu.Item>
        <Menu.Divider />
        <Choice
          isOn={density === 'dense'}
          onToggle={() => change({ density: density === 'dense' ? 'roomy' : 'dense' })}
        >
          {t('worklist.dense')}
        </Choice>
        <Choice isOn={showPreview} onToggle={() => usePreferences.setState({ showPreview: !showPreview })}>
          {t('worklist.preview')}
        </Choice>
      </Menu.Dropdown>
    </Menu>
  );
});

type ChoiceProps = {
  readonly isOn: boolean;
  readonly isFixed?: boolean;
  readonly onToggle: () => void;
  readonly children: ReactNode;
};

function Choice({ isOn, isFixed = false, onToggle, children }: ChoiceProps): ReactNode {
  return (
    <Menu.CheckboxItem checked={isOn} disabled={isFixed} onChange={onToggle}>
      {children}
    </Menu.CheckboxItem>
  );
}
