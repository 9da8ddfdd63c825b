/**
 * Lays rows out in columns padded to the widest cell, two spaces apart, as kubectl does.
 * The last column is not padded.
 */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  );
  return all.map((row) => layOut(row, widths)).join('\n');
}

function layOut(row: readonly string[], widths: readonly number[]): string {
  const cells = widths.map((width, column) => (row[column] ?? '').padEnd(width));
  return cells.join('  ').trimEnd();
}
