/** Ending running calls, after asking. */
import { ask } from '../../api/client';
import type { Running } from '../../api/types';
import { confirm } from '../../parts/confirm.svelte';
import { attempt, toasts } from '../../parts/toasts.svelte';
import { w } from '../../words/words.svelte';
import { who } from './running';

/** From so many on, the number must be typed. */
const MANY = 2;

export async function cut(calls: readonly Running[]): Promise<void> {
  const words = w().live;
  const [first] = calls;
  if (!first) return;
  const many = calls.length >= MANY;
  const sure = await confirm.ask({
    title: many ? words.end_many(calls.length) : words.end_question,
    text: many ? words.end_many_about : words.end_about(who(first), first.dialled),
    go: many ? words.end_many(calls.length) : w().act.end,
    danger: true,
    word: many ? String(calls.length) : undefined,
  });
  if (!sure) return;
  let ended = 0;
  for (const call of calls) {
    const done = await attempt(() => ask('post', '/v1/live-calls/{id}/cut', { path: { id: call.call }, reason: sure.reason }));
    if (done) ended += 1;
  }
  if (ended) toasts.done(many ? words.ended_many(ended) : w().act.ended);
}
