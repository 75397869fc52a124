/** A refusal in the reader's language: what happened and what to do. */
import type { Refused } from '../api/client';
import { w } from '../words/words.svelte';

export function said(error: Refused): { title: string; hint: string } {
  const words = w().error as unknown as Record<string, string>;
  const code = error.code === 'refused_by_node' ? '' : error.code;
  const title = words[code];
  // What makes no sense is said best by who read it: it names the field.
  if (error.code === 'invalid' || error.code === 'malformed' || !title) return { title: error.message || w().error.title, hint: error.hint };
  return { title, hint: words[`${code}_hint`] ?? error.hint };
}
