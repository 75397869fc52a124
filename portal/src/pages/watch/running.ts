/** Running calls as they are shown. */
import type { Running } from '../../api/types';
import { country, length, named } from '../../shape/format';
import { w } from '../../words/words.svelte';

export const lasting = (call: Running, now: number): string => (call.answered ? length(now - new Date(call.answered).getTime()) : w().live.ringing);
export const going = (call: Running): string => [country(call.country), named(w().kind, call.kind)].filter(Boolean).join(' · ');
export const who = (call: Running): string => `${call.tenant}${call.extension ? ` · ${call.extension}` : ''}`;

/** Kinds of line that are dear or abused. */
const DEAR = ['premium', 'premium_adult', 'premium_entertainment', 'satellite', 'network', 'personal'];
export const isDear = (kind: string | null | undefined): boolean => DEAR.includes(kind ?? '');
