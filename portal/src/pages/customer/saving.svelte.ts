/** Changing one setting: busy while it runs, with the refusal that came of it. */
import { Refused, type Got } from '../../api/client';
import type { SettingChanged } from '../../api/types';
import { toasts } from '../../parts/toasts.svelte';
import { session } from '../../session/session.svelte';
import { s } from '../../words/settings/words';
import { takeBack } from './takeback';

/** What the audit log calls the setting, and what shows it anew. */
interface Undoing {
  subject: string;
  after: () => void;
}

export function saving(): { readonly busy: boolean; readonly error: Refused | null; run: (what: () => Promise<Got<SettingChanged>>, said: string, undoing?: Undoing) => Promise<boolean> } {
  let busy = $state(false);
  let error = $state<Refused | null>(null);
  return {
    get busy() {
      return busy;
    },
    get error() {
      return error;
    },
    /** Whether it was done, or proposed. With `undoing` it can be taken back by whoever reads the audit log. */
    async run(what, said, undoing) {
      busy = true;
      error = null;
      try {
        const { status } = await what();
        const back = undoing && status !== 202 && session.may('read_audit') ? () => void takeBack(undoing.subject, undoing.after) : undefined;
        toasts.done(status === 202 ? s().proposed : said, back);
        return true;
      } catch (caught) {
        if (!(caught instanceof Refused)) throw caught;
        error = caught;
        return false;
      } finally {
        busy = false;
      }
    },
  };
}

/** Settings as the API takes them: no field that says nothing. */
export function said(fields: Record<string, unknown>): Record<string, never> {
  const isSaid = (value: unknown): boolean => value !== '' && value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isSaid(value))) as Record<string, never>;
}
