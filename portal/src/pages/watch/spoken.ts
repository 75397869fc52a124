/** What a case began with, in the reader's language where its alert is known. */
import { ask } from '../../api/client';
import type { Case, Happening } from '../../api/types';
import { headline } from '../../words/reasons';

/** The first alert of each case, of the latest alerts. */
export type Firsts = ReadonlyMap<string, Happening>;

export function firsts(alerts: readonly Happening[]): Firsts {
  // Newest first: the oldest of each case is written last.
  return new Map(alerts.filter((alert) => alert.case).map((alert) => [alert.case ?? '', alert]));
}

export async function latest(signal: AbortSignal, tenant?: string): Promise<Firsts> {
  return firsts((await ask('get', '/v1/alerts', { query: { limit: 500, tenant }, signal })).body.items);
}

export function spoken(of: Case, known?: Firsts): string {
  const alert = known?.get(of.id);
  return alert ? headline(alert.body, plain(of.headline)) : plain(of.headline);
}

/** The engine's sentence, as one that begins and does not run on. */
function plain(text: string): string {
  const capital = (line: string): string => line.charAt(0).toUpperCase() + line.slice(1);
  return text.split('; ').slice(0, 2).map(capital).join('. ');
}
