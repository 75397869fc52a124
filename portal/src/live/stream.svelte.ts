/** What happens, as it happens: one stream of server-sent events, which resumes where it was. */
import type { Happening } from '../api/types';

/** Newest first; no more than can be looked at. */
const KEPT = 50;
const KINDS = ['alerted', 'blocked', 'lifted', 'cut', 'verdict', 'registered', 'registration_failed', 'forwarded'];

class Stream {
  events = $state<Happening[]>([]);
  connected = $state(false);
  /** Grows with each event: who shows lists reads them again. */
  count = $state(0);
  private source: EventSource | null = null;

  open(): void {
    if (this.source) return;
    const source = new EventSource('/v1/events');
    source.onopen = () => (this.connected = true);
    source.onerror = () => {
      this.connected = false;
      // Refused for good: the browser will not try again by itself.
      if (source.readyState === EventSource.CLOSED) this.close();
    };
    for (const kind of KINDS) source.addEventListener(kind, (event) => this.take(event as MessageEvent<string>));
    source.addEventListener('gap', () => (this.count += 1));
    this.source = source;
  }

  close(): void {
    this.source?.close();
    this.source = null;
    this.connected = false;
    this.events = [];
  }

  private take(event: MessageEvent<string>): void {
    this.events = [JSON.parse(event.data) as Happening, ...this.events].slice(0, KEPT);
    this.count += 1;
  }
}

export const stream = new Stream();
