/** Lists that people type: one a line, or with commas. */
export const lines = (text: string): string[] => text.split(/[\n,;]+/).map((line) => line.trim()).filter(Boolean);
export const asLines = (list: unknown): string => several(list).join('\n');
export const asCommas = (list: unknown): string => several(list).join(', ');

/** A list with one entry needs no brackets. */
function several(list: unknown): string[] {
  if (Array.isArray(list)) return list.map(String);
  return typeof list === 'string' && list ? [list] : [];
}
