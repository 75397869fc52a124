/** Takes the last change of a setting back as the audit log keeps it: secrets and all. */
import { ask } from '../../api/client';
import { attempt, toasts } from '../../parts/toasts.svelte';
import { s } from '../../words/settings/words';
import { w } from '../../words/words.svelte';

export async function takeBack(subject: string, after: () => void): Promise<void> {
  await attempt(async () => {
    const { body } = await ask('get', '/v1/audit', { query: { subject, limit: 10 } });
    // A trial message is on record under the same name, and changed nothing.
    const row = body.items.find((one) => one.before || one.after);
    if (!row) return;
    const { status } = await ask('post', '/v1/audit/{seq}/revert', { path: { seq: row.seq } });
    toasts.done(status === 202 ? s().proposed : w().audit.taken_back);
  });
  after();
}
