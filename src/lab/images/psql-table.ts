/** Rows as text, as the server sent them. */
export interface QueryRows {
  readonly columns: readonly { readonly name: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** How to print. */
export interface TableStyle {
  readonly tuplesOnly: boolean;
  readonly aligned: boolean;
}

/** Prints rows as psql does: aligned with a header and a count, or plain with `|` between. */
export function formatRows(result: QueryRows, style: TableStyle): string {
  const cells = result.rows.map((row) => row.map((value) => value ?? ''));
  const header = result.columns.map(({ name }) => name);
  const lines = style.aligned
    ? alignedLines(result, { header, cells, tuplesOnly: style.tuplesOnly })
    : [...(style.tuplesOnly ? [] : [header]), ...cells].map((row) => row.join('|'));
  const count = `(${cells.length} ${cells.length === 1 ? 'row' : 'rows'})`;
  return [...lines, ...(style.tuplesOnly ? [] : [count])].map((line) => `${line}\n`).join('');
}

function alignedLines(
  { columns }: QueryRows,
  text: { header: readonly string[]; cells: readonly (readonly string[])[]; tuplesOnly: boolean },
): readonly string[] {
  const all = text.tuplesOnly ? text.cells : [text.header, ...text.cells];
  const widths = columns.map((_, i) => Math.max(0, ...all.map((row) => row[i]?.length ?? 0)));
  const body = text.cells.map((row) =>
    row
      .map((value, i) => {
        const width = widths[i] ?? 0;
        return ` ${columns[i]?.numeric === true ? value.padStart(width) : value.padEnd(width)} `;
      })
      .join('|')
      .trimEnd(),
  );
  if (text.tuplesOnly) return body;
  const head = text.header.map((name, i) => ` ${centred(name, widths[i] ?? 0)} `).join('|');
  return [head, widths.map((width) => '-'.repeat(width + 2)).join('+'), ...body];
}

function centred(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return `${' '.repeat(Math.max(left, 0))}${text}`.padEnd(width);
}
