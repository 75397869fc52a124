/** Short messages about what was just done, with a way back where there is one. */
import { Refused } from '../api/client';
import { said } from './faults';

export interface Toast {
  id: number;
  text: string;
  hint?: string;
  requestId?: string;
  bad: boolean;
  undo?: () => void;
}

class Toasts {
  all = $state<Toast[]>([]);
  private count = 0;

  done(text: string, undo?: () => void): void {
    this.add({ text, bad: false, undo }, undo ? 12_000 : 5_000);
  }

  refused(error: unknown): void {
    if (!(error instanceof Refused)) return this.add({ text: String(error), bad: true }, 12_000);
    const { title, hint } = said(error);
    this.add({ text: title, hint, requestId: error.requestId, bad: true }, 15_000);
  }

  drop(id: number): void {
    this.all = this.all.filter((toast) => toast.id !== id);
  }

  private add(toast: Omit<Toast, 'id'>, ms: number): void {
    const id = (this.count += 1);
    this.all = [...this.all.slice(-3), { ...toast, id }];
    setTimeout(() => this.drop(id), ms);
  }
}

export const toasts = new Toasts();

/** Does it; a refusal is told. Whether it was done. */
export async function attempt(what: () => Promise<unknown>): Promise<boolean> {
  try {
    await what();
    return true;
  } catch (error) {
    toasts.refused(error);
    return false;
  }
}
