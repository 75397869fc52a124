/** A customer's policy while somebody works on it: what holds, and the draft, which is one over all tabs. */
import { ask, Refused } from '../../api/client';
import type { SettingChanged } from '../../api/types';
import { attempt, toasts } from '../../parts/toasts.svelte';
import { s } from '../../words/settings/words';
import { bare, complete, differences, lean, type Policy } from './policy';

export class Draft {
  inForce = $state.raw<Policy | null>(null);
  now = $state<Policy | null>(null);
  /** Of what holds; 0: nobody set one and the default holds. */
  version = $state('"0"');
  isDefault = $state(false);
  error = $state<Refused | null>(null);
  busy = $state(false);
  /** What the API said that works and is probably not meant. */
  doubts = $state<SettingChanged['warnings']>([]);

  constructor(readonly tenant: string) {}

  get changes(): { field: string; from: unknown; to: unknown }[] {
    return this.inForce && this.now ? differences(this.inForce, bare($state.snapshot(this.now))) : [];
  }

  async read(): Promise<void> {
    try {
      const { body, version } = await ask('get', '/v1/tenants/{tenant}/policy', { path: { tenant: this.tenant } });
      const isUntouched = this.changes.length === 0;
      this.inForce = complete(body.settings);
      if (isUntouched) this.now = complete(body.settings);
      this.version = version ?? '"0"';
      this.isDefault = body.version === 0;
      this.error = null;
    } catch (error) {
      if (error instanceof Refused) this.error = error;
      else throw error;
    }
  }

  discard(): void {
    this.error = null;
    this.now = this.inForce && structuredClone(this.inForce);
  }

  /** Puts the draft in force, or proposes it. */
  async save(reason?: string): Promise<boolean> {
    const [before, wasDefault] = [this.inForce, this.isDefault];
    if (!this.now || !before) return false;
    this.busy = true;
    this.error = null;
    try {
      const settings = lean($state.snapshot(this.now)) as unknown as Record<string, never>;
      const { status, body } = await ask('put', '/v1/tenants/{tenant}/policy', { path: { tenant: this.tenant }, body: { settings }, version: this.version, reason });
      this.doubts = body.warnings ?? [];
      if (status === 202) toasts.done(s().proposed);
      else toasts.done(s().saved, () => void this.undo(before, wasDefault));
      this.now = structuredClone(before);
      await this.read();
      return true;
    } catch (error) {
      if (error instanceof Refused) this.error = error;
      else throw error;
      return false;
    } finally {
      this.busy = false;
    }
  }

  private async undo(before: Policy, wasDefault: boolean): Promise<void> {
    const path = { tenant: this.tenant };
    await attempt(async () => {
      if (wasDefault) await ask('delete', '/v1/tenants/{tenant}/policy', { path, version: this.version });
      else await ask('put', '/v1/tenants/{tenant}/policy', { path, body: { settings: lean(before) as unknown as Record<string, never> }, version: this.version });
    });
    await this.read();
  }
}

const all = new Map<string, Draft>();

/** The draft of a customer; it stays while one looks elsewhere. */
export function draftOf(tenant: string): Draft {
  const found = all.get(tenant) ?? new Draft(tenant);
  all.set(tenant, found);
  return found;
}
