/** From so many days ago until now, as the API takes it. */
export function lately(days: number): { from: string; until: string } {
  const until = new Date();
  return { from: new Date(until.getTime() - days * 86_400_000).toISOString(), until: until.toISOString() };
}
