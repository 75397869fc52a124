/** What each role may do, as the API's table has it; a test compares them. The API decides all the same. */
import type { Permission, Role } from '../api/types';

const OPERATOR: Permission[] = ['read_calls', 'cut_calls', 'read_blocks', 'block', 'unblock', 'read_cases', 'decide_cases', 'read_reports', 'read_settings', 'read_node'];

export function holds(role: Role, permission: Permission): boolean {
  switch (role) {
    case 'platform_admin':
      return true;
    case 'reseller':
      return permission !== 'operate_node';
    case 'tenant_admin':
      return permission !== 'operate_node' && permission !== 'change_tenants';
    case 'operator':
      return OPERATOR.includes(permission);
    case 'auditor':
      return permission.startsWith('read_');
  }
}
