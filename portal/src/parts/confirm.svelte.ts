/** Asks before something that hurts. Where many are hit, a word must be typed. */
export interface Question {
  title: string;
  text: string;
  go: string;
  danger?: boolean;
  /** Must be typed. */
  word?: string;
}

export interface Sure {
  reason: string | undefined;
}

class Confirm {
  question = $state<Question | null>(null);
  private answer: ((sure: Sure | null) => void) | null = null;

  ask(question: Question): Promise<Sure | null> {
    this.answer?.(null);
    this.question = question;
    return new Promise((resolve) => (this.answer = resolve));
  }

  say(sure: Sure | null): void {
    this.answer?.(sure);
    this.answer = null;
    this.question = null;
  }
}

export const confirm = new Confirm();
