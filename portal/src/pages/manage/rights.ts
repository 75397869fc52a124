/** Roles over reaches, in words. */
import type { Grant, Reach, Role } from '../../api/types';
import { session } from '../../session/session.svelte';
import { named } from '../../shape/format';
import { w } from '../../words/words.svelte';

export const ROLES: Role[] = ['platform_admin', 'reseller', 'tenant_admin', 'operator', 'auditor'];

export function over(reach: Reach): string {
  if (typeof reach === 'string') return w().reach['platform'] ?? '';
  return 'tenant' in reach ? reach.tenant : `${w().reach['reseller']} ${reach.reseller}`;
}

export const grantText = (grant: Grant): string => `${named(w().role, grant.role)} · ${over(grant.reach)}`;

/** What a role can be given over. */
export function sorts(role: Role): ('platform' | 'reseller' | 'tenant')[] {
  const fits = role === 'platform_admin' ? (['platform'] as const) : role === 'reseller' ? (['reseller'] as const) : role === 'tenant_admin' ? (['tenant'] as const) : (['platform', 'reseller', 'tenant'] as const);
  return session.isOfPlatform ? [...fits] : fits.filter((sort) => sort === 'tenant');
}
