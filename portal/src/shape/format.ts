/** Amounts, times and names as people of a language write them. */
import { language, w } from '../words/words.svelte';

const made = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.DisplayNames | Intl.RelativeTimeFormat>();

function kept<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.DisplayNames | Intl.RelativeTimeFormat>(name: string, make: () => T): T {
  const key = `${language.locale} ${name}`;
  const found = made.get(key) ?? make();
  made.set(key, found);
  return found as T;
}

/** Millionths of a euro as an amount. Small prices keep their tenths of a cent. */
export function euros(micro: number): string {
  return kept('eur', () => new Intl.NumberFormat(language.locale, { style: 'currency', currency: 'EUR' })).format(micro / 1e6);
}

/** Without cents, for large figures. */
export function wholeEuros(micro: number): string {
  if (Math.abs(micro) < 1e9) return euros(micro);
  return kept('eur0', () => new Intl.NumberFormat(language.locale, { style: 'currency', currency: 'EUR', maximumFractionDigits: 0 })).format(micro / 1e6);
}

export function price(micro: number): string {
  return kept('eur3', () => new Intl.NumberFormat(language.locale, { style: 'currency', currency: 'EUR', minimumFractionDigits: 2, maximumFractionDigits: 3 })).format(micro / 1e6);
}

export function count(value: number): string {
  return kept('n', () => new Intl.NumberFormat(language.locale, { maximumFractionDigits: 1 })).format(value);
}

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

/** With the day, unless it is today. */
export function when(text: string): string {
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  const shape: Intl.DateTimeFormatOptions = today ? { ...CLOCK, second: '2-digit' } : { day: 'numeric', month: 'short', ...CLOCK };
  const year = at.getFullYear() !== new Date().getFullYear();
  return kept(`when${today}${year}`, () => new Intl.DateTimeFormat(language.locale, year ? { ...shape, year: 'numeric' } : shape)).format(at);
}

/** All of it, for the tip. */
export function fully(text: string): string {
  return kept('full', () => new Intl.DateTimeFormat(language.locale, { dateStyle: 'full', timeStyle: 'long' })).format(new Date(text));
}

export function day(text: string | Date): string {
  return kept('day', () => new Intl.DateTimeFormat(language.locale, { weekday: 'short', day: 'numeric', month: 'short' })).format(new Date(text));
}

export function month(at: Date): string {
  return kept('month', () => new Intl.DateTimeFormat(language.locale, { month: 'long', year: 'numeric' })).format(at);
}

/** A length in the two largest units that say something. */
export function length(ms: number): string {
  const secs = Math.max(0, Math.floor(ms / 1000));
  const { s, min, h, d } = w().duration;
  if (secs < 60) return `${secs} ${s}`;
  if (secs < 3600) return `${Math.floor(secs / 60)}:${String(secs % 60).padStart(2, '0')} ${min}`;
  if (secs < 86_400) return `${Math.floor(secs / 3600)} ${h} ${Math.floor((secs % 3600) / 60)} ${min}`;
  return `${Math.floor(secs / 86_400)} ${d} ${Math.floor((secs % 86_400) / 3600)} ${h}`;
}

/** How long ago or ahead, in words. */
export function ago(text: string, now: number): string {
  const secs = (new Date(text).getTime() - now) / 1000;
  if (secs <= 0 && secs > -45) return w().ago.now;
  const size = Math.abs(secs);
  const [unit, of] = size < 5400 ? (['minute', 60] as const) : size < 129_600 ? (['hour', 3600] as const) : (['day', 86_400] as const);
  return kept('ago', () => new Intl.RelativeTimeFormat(language.locale, { numeric: 'auto', style: 'short' })).format(Math.round(secs / of), unit);
}

/** A country's name by its two letters. */
export function country(code: string | null | undefined): string {
  if (!code) return '';
  if (!/^[A-Z]{2}$/.test(code) || code === 'ZZ') return code;
  return kept('country', () => new Intl.DisplayNames(language.locale, { type: 'region' })).of(code) ?? code;
}

/** The word for it, or itself when there is none. */
export const named = (words: Record<string, string>, key: string | null | undefined): string => (key ? (words[key] ?? key) : '');
