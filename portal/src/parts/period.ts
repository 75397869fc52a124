/** Days of the address, as moments for the API. */
import type { Filter } from './columns';
import { w } from '../words/words.svelte';

export const periodFilters = (): Filter[] => [
  { name: 'from', label: w().list.from, kind: 'date', narrow: true },
  { name: 'until', label: w().list.until, kind: 'date', narrow: true },
];

/** From the beginning of the first day until the end of the last, here. */
export function period(query: URLSearchParams): { from?: string; until?: string } {
  const from = midnight(query.get('from'), 0);
  const until = midnight(query.get('until'), 1);
  return { ...(from && { from }), ...(until && { until }) };
}

function midnight(text: string | null, later: number): string | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text ?? '');
  if (!parts) return undefined;
  return new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + later).toISOString();
}

/** A value of the address, if it is there. */
export const of = (query: URLSearchParams, name: string): string | undefined => query.get(name) ?? undefined;
