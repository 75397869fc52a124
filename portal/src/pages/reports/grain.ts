/** Sums by day gathered into weeks, months and quarters. All begin at midnight of UTC, as the sums are kept. */
import type { Usage } from '../../api/types';
import { day, month } from '../../shape/format';
import { w } from '../../words/words.svelte';

export const GRAINS = ['day', 'week', 'month', 'quarter'] as const;
export type Per = (typeof GRAINS)[number];

/** When the day, week, month or quarter begins in which this lies. */
export function startOf(at: Date, per: Per): Date {
  const [y, m, d] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  if (per === 'quarter') return new Date(Date.UTC(y, m - (m % 3), 1));
  if (per === 'month') return new Date(Date.UTC(y, m, 1));
  return new Date(Date.UTC(y, m, per === 'week' ? d - ((at.getUTCDay() + 6) % 7) : d));
}

function after(start: Date, per: Per): Date {
  const [y, m, d] = [start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate()];
  if (per === 'month' || per === 'quarter') return new Date(Date.UTC(y, m + (per === 'month' ? 1 : 3), 1));
  return new Date(Date.UTC(y, m, d + (per === 'week' ? 7 : 1)));
}

const FIGURES = ['attempts', 'answered', 'refused', 'cut', 'billable_ms', 'cost', 'prevented'] as const;

/** A row for each, also for those without calls, the latest last. */
export function gather(rows: readonly Usage[], per: Per, from: Date, until: Date): Usage[] {
  const all = new Map<number, Record<string, number | string>>();
  for (let at = startOf(from, per); at < until; at = after(at, per)) all.set(at.getTime(), { start: at.toISOString(), ...Object.fromEntries(FIGURES.map((name) => [name, 0])) });
  for (const row of rows) {
    const sum = row.start && all.get(startOf(new Date(row.start), per).getTime());
    if (sum) for (const name of FIGURES) sum[name] = Number(sum[name]) + row[name];
  }
  return [...all.values()] as unknown as Usage[];
}

export function called(at: Date, per: Per): string {
  // Noon, so that the day is the same in every zone people look from.
  const noon = new Date(at.getTime() + 43_200_000);
  if (per === 'quarter') return w().reports.quarter(Math.floor(noon.getUTCMonth() / 3) + 1, noon.getUTCFullYear());
  if (per === 'month') return month(noon);
  return per === 'week' ? w().reports.week(day(noon).replace(/^\S+ /, '')) : day(noon);
}
