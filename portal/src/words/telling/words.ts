/** Words of the pages about who is told and who asks; they come with those pages. */
import { language } from '../words.svelte';
import { en, type TellingWords } from './en';
import { nl } from './nl';

const ALL: Record<'en' | 'nl', TellingWords> = { en, nl };

/** In the language that is spoken. */
export const t = (): TellingWords => ALL[language.code];
