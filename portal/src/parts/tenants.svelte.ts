/** Names of customers, to choose from. */
import { ask } from '../api/client';
import { span } from '../pages/watch/usage';
import { session } from '../session/session.svelte';

class Known {
  names = $state<readonly string[]>([]);

  async look(): Promise<void> {
    if (session.onlyTenant) this.names = [session.onlyTenant];
    else if (session.isOfPlatform && session.may('read_reports')) {
      const { body } = await ask('get', '/v1/usage', { query: { ...span(90), by: 'tenant' } });
      this.names = body.items.flatMap((row) => row.tenant ?? []).sort();
    }
  }
}

export const known = new Known();
