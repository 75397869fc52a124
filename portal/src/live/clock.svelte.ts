/** The time, to the second, for what is shown as running. */
class Clock {
  now = $state(Date.now());
}

export const clock = new Clock();

setInterval(() => {
  if (!document.hidden) clock.now = Date.now();
}, 1000);
