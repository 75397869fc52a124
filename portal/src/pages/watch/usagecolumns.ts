/** Sums of calls as a list shows them. */
import type { Usage } from '../../api/types';
import type { Column } from '../../parts/columns';
import { count, euros } from '../../shape/format';
import { w } from '../../words/words.svelte';

export const sumColumns = (): Column<Usage>[] => [
  { key: 'attempts', label: w().field.attempts, text: (row) => count(row.attempts), by: (row) => row.attempts, num: true },
  { key: 'minutes', label: w().field.minutes, text: (row) => count(Math.round(row.billable_ms / 60_000)), by: (row) => row.billable_ms, num: true },
  { key: 'refused', label: w().field.refused, text: (row) => count(row.refused + row.cut), by: (row) => row.refused + row.cut, num: true },
  { key: 'cost', label: w().field.cost, text: (row) => euros(row.cost), by: (row) => row.cost, num: true },
  { key: 'prevented', label: w().field.prevented, text: (row) => euros(row.prevented), by: (row) => row.prevented, num: true },
];
