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

/** What refused calls would have cost since midnight in a time zone. Sums are by the hour, so zones on the half hour begin a little early. */
export async function stoppedToday(zone: string, tenant: string | undefined, signal: AbortSignal): Promise<number> {
  const hour = 3_600_000;
  const until = Math.ceil(Date.now() / hour) * hour;
  const query = { from: new Date(until - 25 * hour).toISOString(), until: new Date(until).toISOString(), by: 'start', grain: 'hour' as const, tenant };
  const { body } = await ask('get', '/v1/usage', { query, signal });
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone });
  const today = day.format(new Date());
  // The hour counts when its end lies in today.
  const isToday = (start: string): boolean => day.format(Date.parse(start) + hour - 1) === today;
  return body.items.reduce((sum, row) => sum + (row.start && isToday(row.start) ? row.prevented : 0), 0);
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
