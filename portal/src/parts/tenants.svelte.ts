/** Names of customers, to choose from. */
import { ask } from '../api/client';
import { span } from '../pages/watch/usage';
import { session } from '../session/session.svelte';

class Known {
  names = $state<readonly string[]>([]);

  async look(): Promise<void> {
    if (session.onlyTenant) this.names = [session.onlyTenant];
    else {
      // Those with settings in the store, and those that called.
      const [set, called] = await Promise.all([
        session.may('read_settings') ? ask('get', '/v1/tenants', { query: { limit: 1000 } }).then(({ body }) => body.items.map((one) => one.id), () => []) : [],
        session.isOfPlatform && session.may('read_reports') ? ask('get', '/v1/usage', { query: { ...span(90), by: 'tenant' } }).then(({ body }) => body.items.flatMap((row) => row.tenant ?? []), () => []) : [],
      ]);
      this.names = [...new Set([...set, ...called])].sort();
    }
  }
}

export const known = new Known();
