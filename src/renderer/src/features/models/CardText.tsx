import type { ReactNode } from 'react';
import { type Block, type Inline, readMarkdown } from '../../ui/markdown.ts';
import classes from './models.module.css';

/** A model's card as its vendor wrote it, as text: nothing in it can be anything else of the page. */
export function CardText({ text }: { readonly text: string }): ReactNode {
  return (
    <div className={classes.card}>
      {readMarkdown(text).map((block, index) => (
        <BlockOf key={index} block={block} />
      ))}
    </div>
  );
}

function BlockOf({ block }: { readonly block: Block }): ReactNode {
  switch (block.kind) {
    case 'heading':
      return block.level === 1 ? <h3>{styled(block.inlines)}</h3> : <h4>{styled(block.inlines)}</h4>;
    case 'paragraph':
      return <p>{styled(block.inlines)}</p>;
    case 'code':
      return <pre>{block.text}</pre>;
    case 'list': {
      const items = block.items.map((item, index) => <li key={index}>{styled(item)}</li>);
      return block.isOrdered ? <ol>{items}</ol> : <ul>{items}</ul>;
    }
    case 'table':
      return (
        <table>
          <thead>
            <tr>
              {block.head.map((cell, index) => (
                <th key={index}>{styled(cell)}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {block.rows.map((row, index) => (
              <tr key={index}>
                {row.map((cell, column) => (
                  <td key={column}>{styled(cell)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      );
  }
}

const TAGS = { strong: 'strong', emphasis: 'em', code: 'code' } as const;

function styled(inlines: readonly Inline[]): ReactNode {
  return inlines.map(({ style, text }, index) => {
    if (style === 'plain') return text;
    const Tag = TAGS[style];
    return <Tag key={index}>{text}</Tag>;
  });
}
