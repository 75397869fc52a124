/** A step of coming in: busy while it runs, with the refusal that came of it. */
import { Refused } from '../../api/client';
import { w } from '../../words/words.svelte';

export function entering(): { readonly busy: boolean; readonly error: Refused | null; run: (what: () => Promise<void>) => Promise<void> } {
  let busy = $state(false);
  let error = $state<Refused | null>(null);
  return {
    get busy() {
      return busy;
    },
    get error() {
      return error;
    },
    async run(what) {
      busy = true;
      error = null;
      try {
        await what();
      } catch (caught) {
        error = caught instanceof Refused ? caught : new Refused(0, 'passkey_unused', w().login.cancelled, w().login.cancelled_hint, '');
      }
      busy = false;
    },
  };
}
