/** Reasons of a verdict in words. They come with their figures, so that each language can say them. */
import { country, count, euros, length, named, price, when } from '../shape/format';
import { language, w } from './words.svelte';

/** A reason as the engine writes it. */
export interface Reason {
  reason: string;
  kind?: string;
  [figure: string]: unknown;
}

export const isReason = (value: unknown): value is Reason => typeof value === 'object' && value !== null && 'reason' in value;

/** The reasons in what an event, a block or a call says. */
export function reasonsIn(body: unknown): Reason[] {
  if (Array.isArray(body)) return body.filter(isReason);
  if (typeof body !== 'object' || body === null) return [];
  const of = body as Record<string, unknown>;
  for (const inside of [of['reasons'], of['alert'], of['verdict']]) {
    const found = reasonsIn(inside);
    if (found.length) return found;
  }
  return [];
}

const WHOSE = {
  en: { extension: 'the extension’s', trunk: 'the trunk’s', tenant: 'the customer’s', destination: 'the destination’s', source: 'the source address’s', probation: 'the probation' },
  nl: { extension: 'van het toestel', trunk: 'van de trunk', tenant: 'van de klant', destination: 'van de bestemming', source: 'van het bronadres', probation: 'van de proeftijd' },
} as Record<string, Record<string, string>>;
const WINDOW = {
  en: { call: 'per call', hour: 'per hour', day: 'per day', week: 'per week', month: 'per month' },
  nl: { call: 'per gesprek', hour: 'per uur', day: 'per dag', week: 'per week', month: 'per maand' },
} as Record<string, Record<string, string>>;
const CLASS = {
  en: { internal: 'Internal', national: 'National', mobile: 'National mobile', service: 'National service', premium: 'Premium', international: 'International', high_risk: 'High-risk' },
  nl: { internal: 'Interne', national: 'Nationale', mobile: 'Mobiele', service: 'Nationale service-', premium: 'Betaalde', international: 'Internationale', high_risk: 'Risicovolle' },
} as Record<string, Record<string, string>>;

/** One reason as a sentence. */
export function sentence(of: Reason): string {
  const nl = language.code === 'nl';
  const text = (key: string): string => String(of[key] ?? '');
  const money = (key: string): string => euros(Number(of[key] ?? 0));
  const word = (words: Record<string, Record<string, string>>, key: string): string => named(words[language.code] ?? {}, text(key));
  switch (of.reason) {
    case 'blocked': {
      const until = of['until'] ? ` ${nl ? 'tot' : 'until'} ${when(moment(of['until']))}` : '';
      const whom = of['whole_tenant'] ? (nl ? 'De klant' : 'The customer') : nl ? 'Het toestel' : 'The extension';
      return nl ? `${whom} is geblokkeerd op niveau ${named(w().level, text('level'))}${until}` : `${whom} is blocked at level ${named(w().level, text('level'))}${until}`;
    }
    case 'source_not_allowed':
      return nl ? `Vanaf ${text('ip')} mag niet worden gebeld` : `Calls may not come from ${text('ip')}`;
    case 'class_closed': {
      const to = of['country'] ? ` ${nl ? 'naar' : 'to'} ${country(text('country'))}` : '';
      const now = of['only_now'] ? (nl ? ' op dit uur' : ' at this hour') : '';
      return nl ? `${word(CLASS, 'class')} gesprekken${to} zijn${now} gesloten door het beleid` : `${word(CLASS, 'class')} calls${to} are closed by policy${now}`;
    }
    case 'denied':
      return (nl ? 'Het nummer staat op de weigerlijst' : 'The number is on the deny list') + (of['note'] ? ` (${text('note')})` : '');
    case 'limit_reached':
      return nl
        ? `De limiet ${word(WHOSE, 'whose')} van ${money('limit')} ${word(WINDOW, 'window')} wordt overschreden: ${money('used')} besteed en gereserveerd`
        : `${capital(word(WHOSE, 'whose'))} limit of ${money('limit')} ${word(WINDOW, 'window')} would be passed: ${money('used')} spent and reserved`;
    case 'too_many_active':
      return nl
        ? `De limiet ${word(WHOSE, 'whose')} van ${text('limit')} gelijktijdige gesprekken wordt overschreden: ${text('active')}`
        : `${capital(word(WHOSE, 'whose'))} limit of ${text('limit')} calls at once would be passed: ${text('active')}`;
    case 'too_many_per_minute':
      return nl
        ? `De limiet ${word(WHOSE, 'whose')} van ${text('limit')} gesprekken per minuut wordt overschreden: ${text('count')}`
        : `${capital(word(WHOSE, 'whose'))} limit of ${text('limit')} calls a minute would be passed: ${text('count')}`;
    case 'weighed':
      return nl
        ? `Bewijs ${count(Number(of['evidence']))} bij ${money('at_stake')} op het spel; gestopt wordt vanaf ${count(Number(of['threshold']))}`
        : `Evidence ${count(Number(of['evidence']))} with ${money('at_stake')} at stake; stopped from ${count(Number(of['threshold']))}`;
    case 'going': {
      const tariff = of['default_tariff'] ? (nl ? ', standaardtarief' : ', default tariff') : '';
      const where = `${country(text('country'))} (${named(w().kind, text('kind')).toLowerCase()})`;
      const per = price(Number(of['per_minute'] ?? 0));
      return nl ? `Gesprek naar ${where} voor ${per} per minuut${tariff}` : `Call to ${where} at ${per} a minute${tariff}`;
    }
    case 'signal':
      return found(text('kind'), Number(of['seen'] ?? 0), Number(of['normal'] ?? 0), nl);
    default:
      return of.reason;
  }
}

function found(kind: string, seen: number, normal: number, nl: boolean): string {
  const s = count(Math.max(1, Math.round(seen)));
  const n = count(Math.round(normal));
  const usual = nl ? `(normaal tot ${n})` : `(normally up to ${n})`;
  const words: Record<string, () => [string, string]> = {
    destination: () =>
      normal < 0.5
        ? ['This customer never called that destination', 'Deze klant belde die bestemming nooit eerder']
        : [`That destination was called before, but on only ${n} days or so`, `Die bestemming werd eerder gebeld, maar op zo’n ${n} dagen`],
    hours: () => ['This customer does not normally call at this hour', 'Deze klant belt normaal niet op dit uur'],
    volume: () => [`${s} paid calls in an hour ${usual}`, `${s} betaalde gesprekken in een uur ${usual}`],
    spend: () => [`${euros(seen * 1e6)} in 24 hours (normally up to ${euros(normal * 1e6)})`, `${euros(seen * 1e6)} in 24 uur (normaal tot ${euros(normal * 1e6)})`],
    source: () => {
      if (seen < 2) return ['A network this extension never called from', 'Een netwerk waar dit toestel nooit vandaan belde'];
      if (seen < 3) return ['A country this extension never called from', 'Een land waar dit toestel nooit vandaan belde'];
      if (seen < 4) return ['A device this extension never used', 'Een apparaat dat dit toestel nooit gebruikte'];
      return ['A country and a device this extension never used', 'Een land en een apparaat die dit toestel nooit gebruikte'];
    },
    new_access: () => [`Access was changed ${length(seen * 3.6e6)} before`, `De toegang werd ${length(seen * 3.6e6)} eerder veranderd`],
    guessing: () => [`Passwords were guessed before (${s} failures)`, `Er werd eerder naar wachtwoorden geraden (${s} mislukt)`],
    probe: () => [`${s} short test calls to that destination before`, `${s} korte proefgesprekken naar die bestemming`],
    prefix_spray: () => [`The same number was tried under ${s} other prefixes`, `Hetzelfde nummer werd met ${s} andere voorvoegsels geprobeerd`],
    range_sweep: () => [`${s} other numbers of the same range in a day`, `${s} andere nummers uit dezelfde reeks op een dag`],
    per_call_charge: () => [`${s} short calls to numbers charged per call in an hour`, `${s} korte gesprekken met een vast tarief per gesprek in een uur`],
    long_call: () => [`The call lasts ${length(seen * 1000)} (normally up to ${length(normal * 1000)})`, `Het gesprek duurt ${length(seen * 1000)} (normaal tot ${length(normal * 1000)})`],
    parallel: () => [`${s} paid calls at once ${usual}`, `${s} betaalde gesprekken tegelijk ${usual}`],
    spread: () => [`${s} destinations new to this customer in a day`, `${s} bestemmingen op een dag die nieuw zijn voor deze klant`],
    dial_through: () => ['The call comes in from outside and dials out again', 'Het gesprek komt van buiten en belt weer naar buiten'],
    call_back: () => [`${s} missed calls from that range: a lure`, `${s} gemiste oproepen uit die reeks: een lokroep`],
    drift: () => [`${euros(seen * 1e6)} spent on a destination that is new`, `${euros(seen * 1e6)} besteed aan een nieuwe bestemming`],
  };
  const [english, dutch] = words[kind]?.() ?? [kind, kind];
  return nl ? dutch : english;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The engine writes moments as microseconds. */
const moment = (value: unknown): string => (typeof value === 'number' ? new Date(value / 1000).toISOString() : String(value));

/** The strongest reasons in one line: what stands on its own when there is room for one. */
export function headline(body: unknown, otherwise: string): string {
  const reasons = reasonsIn(body).filter((of) => of.reason !== 'weighed');
  return reasons.length ? reasons.slice(0, 2).map(sentence).join('. ') : otherwise;
}
