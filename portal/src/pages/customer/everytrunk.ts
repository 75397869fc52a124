/** All trunks that one may see, page by page. */
import { ask } from '../../api/client';
import type { Setting } from '../../api/types';

export async function everyTrunk(signal: AbortSignal): Promise<Setting[]> {
  const all: Setting[] = [];
  let after: string | undefined;
  do {
    const { body } = await ask('get', '/v1/trunks', { query: { limit: 1000, after }, signal });
    all.push(...body.items);
    after = body.next ?? undefined;
  } while (after);
  return all;
}
