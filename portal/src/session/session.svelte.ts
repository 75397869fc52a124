/** Who is logged in, and what they may do. */
import { ask, onStranger, Refused } from '../api/client';
import type { LoginView, Me, Permission } from '../api/types';
import { holds } from './roles';

export type Stage = 'looking' | 'setup' | 'out' | 'second' | 'enrol' | 'in' | 'away';

class Session {
  stage = $state<Stage>('looking');
  me = $state<Me | null>(null);
  /** Why the API cannot be asked at all. */
  trouble = $state<Refused | null>(null);

  /** Whether they may do it somewhere; with a customer: there. Who brought a customer only the API knows, and it decides. */
  may(permission: Permission, tenant?: string | null): boolean {
    if (!tenant) return this.me?.permissions.includes(permission) ?? false;
    return (this.me?.grants ?? []).some(({ role, reach }) => holds(role, permission) && (typeof reach === 'string' || !('tenant' in reach) || reach.tenant === tenant));
  }

  /** Whether they may do it to the node and to whom is nobody's. */
  mayAll(permission: Permission): boolean {
    return (this.me?.grants ?? []).some(({ role, reach }) => reach === 'platform' && holds(role, permission));
  }

  /** Whether all of the platform is theirs to see. */
  get isOfPlatform(): boolean {
    return this.me?.grants.some((grant) => grant.reach === 'platform') ?? false;
  }

  /** The only tenant they see, if it is one. */
  get onlyTenant(): string | undefined {
    const grants = this.me?.grants ?? [];
    const tenants = new Set(grants.map((grant) => (typeof grant.reach === 'object' && 'tenant' in grant.reach ? grant.reach.tenant : '')));
    const [one] = tenants;
    return tenants.size === 1 && one ? one : undefined;
  }

  async look(): Promise<void> {
    try {
      const { body } = await ask('get', '/v1/me');
      this.me = body;
      this.stage = stageOf(body.next);
    } catch (error) {
      if (error instanceof Refused && error.status === 401) await this.lookOutside();
      else this.fail(error);
    }
  }

  private async lookOutside(): Promise<void> {
    this.me = null;
    try {
      const { body } = await ask('get', '/v1/setup');
      this.stage = body.needed ? 'setup' : 'out';
    } catch (error) {
      this.fail(error);
    }
  }

  private fail(error: unknown): void {
    this.trouble = error instanceof Refused ? error : new Refused(0, 'unreachable', '', '', '');
    this.stage = 'away';
  }

  /** After a step of logging in. */
  async step(view: LoginView): Promise<void> {
    if (view.next === 'done') await this.look();
    else {
      await this.look();
      this.stage = stageOf(view.next);
    }
  }

  async leave(): Promise<void> {
    await ask('post', '/v1/logout').catch(() => undefined);
    this.me = null;
    this.stage = 'out';
  }
}

function stageOf(next: Me['next']): Stage {
  return next === 'done' ? 'in' : next === 'enrol' ? 'enrol' : 'second';
}

export const session = new Session();

onStranger.call = () => {
  if (session.stage === 'in') {
    session.me = null;
    session.stage = 'out';
  }
};
