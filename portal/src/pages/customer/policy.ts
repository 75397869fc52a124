/** A policy as the API writes it, what holds where it says nothing, and the most that can be lost by its limits. */

/** In the currency: `250`, `"2.50"`. */
export type Money = string | number;

export interface Limits {
  per_call?: Money | null;
  per_hour?: Money | null;
  per_day?: Money | null;
  per_week?: Money | null;
  per_month?: Money | null;
  calls_active_max?: number | null;
  calls_per_minute_max?: number | null;
}

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof WEEKDAYS)[number];
export const CLASSES = ['internal', 'national', 'mobile', 'service', 'premium', 'international', 'high_risk'] as const;

export interface Span {
  days: Weekday[];
  from: string;
  to: string;
}

export interface ClassRule {
  class: (typeof CLASSES)[number];
  countries?: string[];
  when?: 'always' | 'office' | 'closed';
  allow: boolean;
}

export interface Entry {
  prefix: string;
  note?: string;
}

export interface Policy {
  mode: 'observe' | 'enforce';
  currency: string;
  time_zone: string;
  office: { open: Span[]; holidays?: string | null; closures: string[] };
  classes: ClassRule[];
  permit: Entry[];
  deny: Entry[];
  sources: string[];
  hold_for_approval: boolean;
  limits: Limits;
  extension_limits: Limits;
  trunk_limits: Limits;
  destination_limits: Limits;
  source_limits: Limits;
  extensions: Record<string, { limits?: Limits | null; classes?: ClassRule[]; sources?: string[] | null }>;
  steering: { loss_accept: Money; wrong_stops_accept: number };
  paid_call_secs_max: number;
  block_hours: number;
  probation_hours: number;
}

/** What holds where a policy says nothing: `Policy::default` of the engine. A test compares them. */
export const DEFAULT: Policy = {
  mode: 'enforce',
  currency: 'EUR',
  time_zone: 'Europe/Amsterdam',
  office: { open: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00' }], holidays: 'NL', closures: [] },
  classes: [],
  permit: [],
  deny: [],
  sources: [],
  hold_for_approval: false,
  limits: { per_hour: '250.00', per_day: '500.00', per_week: '1500.00', per_month: '4000.00' },
  extension_limits: { per_call: '250.00' },
  trunk_limits: {},
  destination_limits: {},
  source_limits: {},
  extensions: {},
  steering: { loss_accept: '10.00', wrong_stops_accept: 20 },
  paid_call_secs_max: 43_200,
  block_hours: 168,
  probation_hours: 72,
};

/** All of a policy: a table that is there replaces the whole default table of limits, as the engine reads it. */
export function complete(body: unknown): Policy {
  const said = structuredClone(body ?? {}) as Partial<Policy>;
  const base = structuredClone(DEFAULT);
  return bare({ ...base, ...said, office: { ...base.office, ...said.office }, steering: { ...base.steering, ...said.steering } });
}

/** Without what the default says too: what nobody decided goes on to follow the default. */
export function lean(policy: Policy): Partial<Policy> {
  return bare(Object.fromEntries(Object.entries(policy).filter(([name, value]) => differences(DEFAULT[name as keyof Policy], value).length > 0)));
}

/** Without what is empty: TOML, which the engine reads, knows no null. */
export function bare<T>(value: T): T {
  if (Array.isArray(value)) return value.map(bare) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, of]) => of !== null && of !== undefined && of !== '').map(([name, of]) => [name, bare(of)])) as T;
}

/** In millionths; `null` where nothing is said. */
export function micro(amount: Money | null | undefined): number | null {
  if (amount === null || amount === undefined || amount === '') return null;
  const value = Math.round(Number(String(amount).replace(',', '.')) * 1e6);
  return Number.isFinite(value) ? value : null;
}

export interface Loss {
  call: number | null;
  hour: number | null;
  day: number | null;
  week: number | null;
  month: number | null;
}

const least = (...all: (number | null)[]): number | null => all.reduce((a, b) => (a === null ? b : b === null ? a : Math.min(a, b)), null);
const times = (amount: number | null, count: number): number | null => (amount === null ? null : amount * count);

/** As `ringfence_fraud::max_loss`: a longer window is covered by shorter ones, a shorter one by any longer. */
export function maxLoss(policy: Policy): Loss {
  const own = policy.limits;
  const [h, d, w, m] = [micro(own.per_hour), micro(own.per_day), micro(own.per_week), micro(own.per_month)];
  const hour = least(h, d, w, m);
  const day = least(d, times(h, 24), w, m);
  const week = least(w, times(day, 7), m);
  const month = least(m, times(week, 5), times(day, 30));
  const each = [policy.extension_limits, ...Object.values(policy.extensions).flatMap((of) => of.limits ?? [])].map((of) => micro(of.per_call));
  const anyCall = each.includes(null) ? null : Math.max(...(each as number[]));
  return { call: least(micro(own.per_call), anyCall, month), hour, day, week, month };
}

/** The fields that differ, each with what it says. */
export function differences(before: unknown, after: unknown, path = ''): { field: string; from: unknown; to: unknown }[] {
  const isTable = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
  if ((isTable(before) || before === undefined) && isTable(after)) {
    if (after['kept'] === true) return [{ field: path, from: before, to: '••••' }];
    const table = before ?? {};
    const names = [...new Set([...Object.keys(table), ...Object.keys(after)])];
    return names.flatMap((name) => differences(table[name], after[name], path ? `${path}.${name}` : name));
  }
  return same(before, after) ? [] : [{ field: path, from: before, to: after }];
}

function same(a: unknown, b: unknown): boolean {
  const isEmpty = (value: unknown): boolean => value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
  if (isEmpty(a) && isEmpty(b)) return true;
  const amount = /^-?\d+([.,]\d+)?$/;
  if (amount.test(String(a)) && amount.test(String(b))) return micro(String(a)) === micro(String(b));
  return JSON.stringify(a) === JSON.stringify(b);
}
