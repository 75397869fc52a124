/** The language that is spoken: chosen by the person, else by the browser. */
import { en, type Words } from './en';
import { nl } from './nl';

export type Code = 'en' | 'nl';
const ALL: Record<Code, Words> = { en, nl };
const KEPT = 'language';

function first(): Code {
  const kept = localStorage.getItem(KEPT);
  if (kept === 'en' || kept === 'nl') return kept;
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return spoken.find((code): code is Code => code === 'nl' || code === 'en') ?? 'en';
}

class Language {
  code = $state<Code>(first());

  set(code: Code): void {
    this.code = code;
    localStorage.setItem(KEPT, code);
  }

  /** For dates and amounts; the region of the browser when it speaks this language. */
  get locale(): string {
    const own = navigator.languages.find((tag) => tag.toLowerCase().startsWith(this.code));
    return own ?? (this.code === 'nl' ? 'nl-NL' : 'en-GB');
  }
}

export const language = new Language();

/** All words, in the language that is spoken. */
export const w = (): Words => ALL[language.code];
