/** What a field of a policy says, as people read it. */
import { s } from '../../words/settings/words';
import type { ClassRule, Entry, Span } from './policy';

export function saying(value: unknown): string {
  if (value === undefined || value === null || (Array.isArray(value) && !value.length)) return s().none_said;
  if (Array.isArray(value)) return value.map(one).join('; ');
  return one(value);
}

function one(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if ('class' in value) return rule(value as ClassRule);
  if ('prefix' in value) return [(value as Entry).prefix, (value as Entry).note].filter(Boolean).join(' ');
  if ('days' in value) return hours(value as Span);
  return JSON.stringify(value);
}

function rule({ class: name, countries = [], when = 'always', allow }: ClassRule): string {
  const words = s().policy;
  return [words.class_is[name], countries.length ? `(${countries.join(', ')})` : '', when === 'always' ? '' : words.when_is[when]?.toLowerCase(), allow ? words.allowed : words.closed].filter(Boolean).join(' ');
}

const hours = ({ days, from, to }: Span): string => `${days.map((day) => s().hours.days[day]).join(' ')} ${from}–${to}`;
