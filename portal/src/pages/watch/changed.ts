/** What changed lately: from the stream what just happened, from the store what was before. */
import type { Block, Happening } from '../../api/types';

export function latestOf(streamed: readonly Happening[], alerts: readonly Happening[], blocks: readonly Block[]): Happening[] {
  // Blocks are read anew with each event, and know more: who set and who lifted them.
  const heard = streamed.filter((event) => !['verdict', 'blocked', 'lifted', 'alerted'].includes(event.kind));
  return [...heard, ...alerts, ...blocks.filter((block) => !block.shadow).flatMap(ofBlock)].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

function ofBlock(block: Block): Happening[] {
  const { tenant, extension, reasons } = block;
  const of = { tenant, extension, case: block.case, body: { reasons } };
  const set: Happening = { ...of, id: `set ${block.id}`, kind: 'blocked', at: block.since, why: block.why || block.made_by };
  if (!block.lifted) return [set];
  return [{ ...of, id: `lifted ${block.id}`, kind: 'lifted', at: block.lifted, why: block.lifted_by ?? '', body: {} }, set];
}
