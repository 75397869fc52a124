/** Where we are: path and query of the address bar, so that every view can be shared as a link. */

class Place {
  path = $state(location.pathname);
  query = $state(new URLSearchParams(location.search));
}

export const place = new Place();

function read(): void {
  place.path = location.pathname;
  place.query = new URLSearchParams(location.search);
}

/** Goes to an address of the portal. */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', to);
  read();
  if (how === 'push') scrollTo(0, 0);
}

/** The present path with some of its query changed; what is empty is left out. */
export function withQuery(change: Record<string, string | undefined>): string {
  const query = new URLSearchParams(place.query);
  for (const [name, value] of Object.entries(change)) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  return query.size ? `${place.path}?${query}` : place.path;
}

/** Links of the portal are followed without loading the page anew. */
export function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = (event.target as Element | null)?.closest('a');
  if (!link || link.target || link.origin !== location.origin || link.pathname.startsWith('/v1')) return;
  if (link.hasAttribute('download') || link.getAttribute('href')?.startsWith('#')) return;
  event.preventDefault();
  go(link.pathname + link.search + link.hash);
}

addEventListener('popstate', read);
