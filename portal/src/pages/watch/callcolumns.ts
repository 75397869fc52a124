/** Call records as a list shows them. */
import type { Call } from '../../api/types';
import type { Column, Mood } from '../../parts/columns';
import { country, euros, fully, length, named, when } from '../../shape/format';
import { w } from '../../words/words.svelte';
import { isDear } from './running';

const MOODS: Record<string, Mood> = { ok: 'plain', refused: 'bad', would_refuse: 'warn', cut: 'bad' };

export const callColumns = (): Column<Call>[] => [
  { key: 'started', label: w().field.started, text: (call) => when(call.started), title: (call) => fully(call.started), href: (call) => `/calls/${encodeURIComponent(call.id)}`, by: (call) => Date.parse(call.started), nowrap: true, lead: true },
  { key: 'tenant', label: w().field.tenant, text: (call) => call.tenant ?? '–', sub: (call) => call.extension ?? undefined, by: (call) => call.tenant ?? '', nowrap: true },
  { key: 'from', label: w().field.from_number, text: (call) => call.a_number || '–', sub: (call) => named(w().direction, call.direction), nowrap: true, minor: true },
  { key: 'to', label: w().field.to_number, text: (call) => call.b_number ?? call.dialled, nowrap: true },
  { key: 'country', label: w().field.country, text: (call) => country(call.country) || '–', by: (call) => country(call.country), minor: true },
  { key: 'kind', label: w().field.kind, text: (call) => named(w().kind, call.kind) || '–', tag: (call) => (isDear(call.kind) ? 'warn' : undefined), by: (call) => call.kind ?? '' },
  { key: 'outcome', label: w().field.outcome, text: (call) => named(w().outcome, call.outcome), tag: (call) => MOODS[call.outcome], by: (call) => call.outcome },
  { key: 'duration', label: w().field.duration, text: (call) => (call.answered ? length(call.billable_ms) : '–'), by: (call) => call.billable_ms, num: true, minor: true },
  { key: 'cost', label: w().field.cost, text: (call) => euros(call.cost), sub: (call) => (call.prevented ? `${w().field.prevented.toLowerCase()} ${euros(call.prevented)}` : undefined), by: (call) => call.cost, num: true },
];
