/** People who are told: what their settings say, and the order in which they are called. */
import { ask } from '../../api/client';
import type { Setting } from '../../api/types';
import { USUAL } from './topics';

export interface Contact {
  name?: string;
  mail?: string;
  phone?: string;
  language?: 'en' | 'nl';
  order?: number;
  told?: string[];
  approves?: number;
  quiet?: string;
}

export interface ContactRow extends Setting {
  is: Contact;
  name: string;
  told: string[];
}

/** In the order in which they are called, as the incident plan has it. */
export async function contactsOf(tenant: string, signal?: AbortSignal): Promise<ContactRow[]> {
  const { body } = await ask('get', '/v1/tenants/{tenant}/contacts', { path: { tenant }, query: { limit: 1000 }, signal });
  const rows = body.items.map((row) => {
    const is = row.settings as Contact;
    return { ...row, is, name: is.name ?? row.id, told: is.told ?? USUAL };
  });
  return rows.sort((a, b) => orderOf(a) - orderOf(b) || (a.id < b.id ? -1 : 1));
}

const orderOf = (row: ContactRow): number => row.is.order ?? 100;

/** Moves one up or down; those whose place changes get its number. */
export async function move(tenant: string, rows: readonly ContactRow[], id: string, by: 1 | -1): Promise<void> {
  const at = rows.findIndex((row) => row.id === id);
  const order = [...rows];
  const [moved] = order.splice(at, 1);
  if (!moved) return;
  order.splice(at + by, 0, moved);
  for (const [place, row] of order.entries()) {
    if (orderOf(row) === place + 1) continue;
    const settings = { order: place + 1 } as unknown as Record<string, never>;
    await ask('patch', '/v1/tenants/{tenant}/contacts/{id}', { path: { tenant, id: row.id }, body: { settings }, version: `"${row.version}"` });
  }
}
