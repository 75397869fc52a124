/** What a list shows of a row. Data, not markup: so that a list can also be sorted, stacked on a phone and saved. */
export type Mood = 'bad' | 'warn' | 'good' | 'accent' | 'plain';

export interface Column<T> {
  key: string;
  label: string;
  text: (row: T) => string;
  /** A smaller second line. */
  sub?: (row: T) => string | undefined;
  href?: (row: T) => string | undefined;
  /** Shown as a tag. */
  tag?: (row: T) => Mood | undefined;
  title?: (row: T) => string | undefined;
  /** What it is sorted by; without it the column cannot be. */
  by?: (row: T) => string | number;
  num?: boolean;
  mono?: boolean;
  nowrap?: boolean;
  /** Left out on a phone. */
  minor?: boolean;
  /** What a row is called: its headline on a phone. */
  lead?: boolean;
}

export interface Filter {
  name: string;
  label: string;
  kind: 'text' | 'select' | 'date' | 'check';
  options?: [string, string][];
  placeholder?: string;
  narrow?: boolean;
  /** Shown when asked for, or used. */
  rare?: boolean;
}

/** Rows in the order that `sort` names: a key, with `-` for falling. */
export function sorted<T>(rows: readonly T[], columns: Column<T>[], sort: string | null): readonly T[] {
  if (!sort) return rows;
  const falling = sort.startsWith('-');
  const by = columns.find((column) => column.key === sort.replace(/^-/, ''))?.by;
  if (!by) return rows;
  const compare = (a: T, b: T): number => {
    const [x, y] = [by(a), by(b)];
    return typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y));
  };
  return [...rows].sort((a, b) => (falling ? compare(b, a) : compare(a, b)));
}

/** As a spreadsheet reads it; Dutch ones part by semicolons. A text that begins like a formula is made plain. */
export function csv<T>(rows: readonly T[], columns: Column<T>[], part: string): string {
  const cell = (text: string): string => {
    const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+$/.test(text) ? `'${text}` : text;
    return /["\n\r,;]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  const lines = [columns.map((column) => column.label), ...rows.map((row) => columns.map((column) => column.text(row)))];
  return `\ufeff${lines.map((line) => line.map(cell).join(part)).join('\r\n')}\r\n`;
}
