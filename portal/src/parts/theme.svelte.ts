/** Light or dark: as the person says, else as the system. */
export type Choice = 'auto' | 'light' | 'dark';
const KEPT = 'theme';
const system = matchMedia('(prefers-color-scheme: dark)');

class Theme {
  choice = $state<Choice>((localStorage.getItem(KEPT) as Choice | null) ?? 'auto');
  private systemDark = $state(system.matches);

  constructor() {
    system.addEventListener('change', (event) => (this.systemDark = event.matches));
    this.apply();
  }

  get dark(): boolean {
    return this.choice === 'auto' ? this.systemDark : this.choice === 'dark';
  }

  set(choice: Choice): void {
    this.choice = choice;
    localStorage.setItem(KEPT, choice);
    this.apply();
  }

  private apply(): void {
    if (this.choice === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.choice;
  }
}

export const theme = new Theme();
