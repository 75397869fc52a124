/** All pages: where they are, what they are called, what right they need. The navigation is made of it. */
import type { Permission } from '../api/types';
import type { IconName } from '../parts/icons';
import { session } from '../session/session.svelte';
import type { Words } from '../words/en';
import { w } from '../words/words.svelte';

export interface Entry {
  path: string;
  name: keyof Words['nav'];
  icon: IconName;
  needs?: Permission;
}

export const SECTIONS: { name: 'watch' | 'network' | 'manage'; entries: Entry[] }[] = [
  {
    name: 'watch',
    entries: [
      { path: '/', name: 'overview', icon: 'overview' },
      { path: '/live', name: 'live', icon: 'live', needs: 'read_calls' },
      { path: '/cases', name: 'cases', icon: 'cases', needs: 'read_cases' },
      { path: '/held', name: 'held', icon: 'held', needs: 'read_cases' },
      { path: '/blocks', name: 'blocks', icon: 'blocks', needs: 'read_blocks' },
      { path: '/calls', name: 'calls', icon: 'calls', needs: 'read_calls' },
      { path: '/reports', name: 'reports', icon: 'reports', needs: 'read_reports' },
      { path: '/notices', name: 'notices', icon: 'notices', needs: 'read_cases' },
    ],
  },
  {
    name: 'network',
    entries: [
      { path: '/customers', name: 'customers', icon: 'customers', needs: 'read_reports' },
      { path: '/numbers', name: 'numbers', icon: 'keypad', needs: 'read_settings' },
      { path: '/registrations', name: 'registrations', icon: 'registrations', needs: 'read_node' },
      { path: '/integrations', name: 'integrations', icon: 'integrations', needs: 'read_settings' },
      { path: '/health', name: 'health', icon: 'health', needs: 'read_node' },
    ],
  },
  {
    name: 'manage',
    entries: [
      { path: '/people', name: 'people', icon: 'people', needs: 'read_people' },
      { path: '/approvals', name: 'approvals', icon: 'approvals' },
      { path: '/keys', name: 'keys', icon: 'keys', needs: 'read_people' },
      { path: '/access', name: 'access', icon: 'access', needs: 'change_people' },
      { path: '/audit', name: 'audit', icon: 'audit', needs: 'read_audit' },
    ],
  },
];

export const isOpen = (entry: Entry): boolean => !entry.needs || session.may(entry.needs);

/** What it is called in the menu; who sees one customer reads its name there. */
export const nameOf = (entry: Entry): string => (entry.name === 'customers' && session.onlyTenant ? session.onlyTenant : w().nav[entry.name]);

/** Whether a path is that of a page or below it. */
export const isAt = (entry: Entry, path: string): boolean => path === entry.path || (entry.path !== '/' && path.startsWith(`${entry.path}/`));
