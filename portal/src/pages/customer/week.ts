/** Hours of a week, in a customer's own time. */
import { WEEKDAYS, type Span } from './policy';

const made = new Map<string, Intl.DateTimeFormat>();

/** The weekday, Monday is 0, and hour of a moment in a time zone. */
export function place(at: Date, zone: string): { day: number; hour: number } {
  const format = made.get(zone) ?? new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'short', hour: '2-digit', hourCycle: 'h23' });
  made.set(zone, format);
  const parts = format.formatToParts(at);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
  return { day: WEEKDAYS.indexOf(of('weekday').toLowerCase() as 'mon'), hour: Number(of('hour')) };
}

const minutes = (text: string): number => {
  const [h = 0, m = 0] = text.split(':').map(Number);
  return h * 60 + m;
};

/** Whether some of an hour lies in these ranges; one that ends before it begins runs past midnight. */
export function isOpen(spans: readonly Span[], day: number, hour: number): boolean {
  const meets = (from: number, to: number): boolean => from < (hour + 1) * 60 && to > hour * 60;
  return spans.some((span) => {
    const [from, to] = [minutes(span.from), minutes(span.to) || 1440];
    const on = (of: number): boolean => span.days.includes(WEEKDAYS[(of + 7) % 7] ?? 'mon');
    if (from < to) return on(day) && meets(from, to);
    return (on(day) && meets(from, 1440)) || (on(day - 1) && meets(0, minutes(span.to)));
  });
}
