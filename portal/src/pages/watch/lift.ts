/** Lifting a block, after asking. */
import { ask } from '../../api/client';
import type { Block } from '../../api/types';
import { confirm } from '../../parts/confirm.svelte';
import { attempt, toasts } from '../../parts/toasts.svelte';
import { w } from '../../words/words.svelte';

/** What names whom a block covers. */
export const whom = (of: Block): string => (of.extension ? `${of.tenant} · ${of.extension}` : of.tenant);

export async function lift(of: Block, after: () => void): Promise<void> {
  const words = w().blocks;
  const sure = await confirm.ask({
    title: words.lift_question,
    text: `${whom(of)}: ${words.lift_about}`,
    go: w().act.lift,
    word: of.extension ? undefined : of.tenant,
  });
  if (!sure) return;
  await attempt(async () => {
    const { status } = await ask('post', '/v1/blocks/{id}/lift', { path: { id: of.id }, reason: sure.reason });
    toasts.done(status === 202 ? words.proposed : words.lifted, status === 202 ? undefined : () => void again(of, after));
  });
  after();
}

/** Sets it as it was. */
async function again(of: Block, after: () => void): Promise<void> {
  const { tenant, extension, until } = of;
  const level = of.level as 'national';
  await attempt(() => ask('post', '/v1/blocks', { body: { tenant, extension, level, until } }));
  after();
}
