/** What contacts and receivers are told of. */
import { t } from '../../words/telling/words';

export const TOPICS = ['fraud', 'approvals', 'limits', 'digest', 'proposals'] as const;
/** What a contact hears of that says nothing; a receiver then hears of all. */
export const USUAL = ['fraud', 'approvals', 'limits', 'digest'];

export const topicText = (told: readonly string[]): string => (told.length === TOPICS.length ? t().everything : told.map((topic) => t().topic_short[topic] ?? topic).join(', ')) || '–';
