/** Something read from the API and kept fresh: what is shown stays until the next answer is here. */
import { Refused } from '../api/client';

export class Fetched<T> {
  value = $state<T | null>(null);
  error = $state<Refused | null>(null);
  loading = $state(false);
  /** Whether there was a first answer, or a refusal. */
  settled = $state(false);
  private running: AbortController | null = null;

  constructor(private readonly read: (signal: AbortSignal) => Promise<T>) {}

  async again(): Promise<void> {
    this.running?.abort();
    const running = new AbortController();
    this.running = running;
    this.loading = true;
    try {
      const value = await this.read(running.signal);
      if (running.signal.aborted) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      if (running.signal.aborted) return;
      this.error = error instanceof Refused ? error : new Refused(0, 'broken', String(error), '', '');
    }
    this.loading = false;
    this.settled = true;
  }

  stop(): void {
    this.running?.abort();
  }
}

/** Reads it now and each `secs` while the page is looked at; call inside an effect. */
export function every(secs: number, what: () => void): () => void {
  what();
  const timer = setInterval(() => {
    if (!document.hidden) what();
  }, secs * 1000);
  return () => clearInterval(timer);
}
