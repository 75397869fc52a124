/** Trunks that only ask: what their settings say. */
import type { Platform, Setting } from '../../api/types';

export interface Advised {
  address?: string | string[];
  adviser?: { tells?: boolean; fail?: 'open' | 'closed'; allow_code?: number };
  control?: { kind: 'asterisk' | 'freeswitch' | 'kamailio' | 'opensips' };
}

export const advised = (row: Setting): Advised => row.settings;
export const isAdvised = (row: Setting): boolean => Boolean(advised(row).adviser);

export const PLATFORMS: Platform[] = ['asterisk', 'freepbx', 'freeswitch', 'kamailio', 'opensips', '3cx', 'swyxware'];
/** Those that ask over HTTP, with a key. */
export const asksWithKey = (platform: Platform): boolean => platform !== '3cx' && platform !== 'swyxware';
