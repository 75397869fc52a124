/** Words of the pages where settings are made; they come with those pages. */
import { language } from '../words.svelte';
import { en, type SettingWords } from './en';
import { nl } from './nl';

const ALL: Record<'en' | 'nl', SettingWords> = { en, nl };

/** In the language that is spoken. */
export const s = (): SettingWords => ALL[language.code];
