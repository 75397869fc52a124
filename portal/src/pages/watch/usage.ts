/** Sums of call records by day. */
import { ask } from '../../api/client';
import type { Usage } from '../../api/types';

const DAY = 86_400_000;

/** From midnight (UTC, as the sums are kept) so many days ago until the next one. */
export function span(days: number): { from: string; until: string } {
  const next = Math.floor(Date.now() / DAY + 1) * DAY;
  return { from: new Date(next - days * DAY).toISOString(), until: new Date(next).toISOString() };
}

export async function usage(days: number, by: string, tenant: string | undefined, signal: AbortSignal, grain: 'day' | 'hour' = 'day'): Promise<readonly Usage[]> {
  return (await ask('get', '/v1/usage', { query: { ...span(days), by, tenant, grain }, signal })).body.items;
}

export interface DaySum {
  at: Date;
  values: number[];
}

/** A row for each day, also for those without calls. */
export function byDay(rows: readonly Usage[], days: number): DaySum[] {
  const { from } = span(days);
  return Array.from({ length: days }, (_, place) => {
    const at = new Date(Date.parse(from) + place * DAY);
    const of = rows.filter((row) => row.start && Date.parse(row.start) === at.getTime());
    const sum = (value: (row: Usage) => number): number => of.reduce((total, row) => total + value(row), 0);
    return { at, values: [sum((row) => row.cost), sum((row) => row.prevented)] };
  });
}
