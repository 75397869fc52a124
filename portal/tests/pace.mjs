// node tests/pace.mjs [TIMES] [CALLS]: how quick the portal is with a million call records and 500 running calls of the
// showcase. Fails when it is slower than people are promised.
import { open, guest, port, setUp, start } from './world.mjs';

const [times = '300', calls = '500'] = process.argv.slice(2);
const LIMITS = { 'overview, ms': 1000, 'list, ms': 1000, 'layout shift': 0.01, 'main thread, %': 20 };
const world = await start('examples/showcase', [String(await port()), times, calls]);
const browser = await open();
const found = [];
const tell = (what, value, limit) => {
  found.push(limit === undefined || value <= limit);
  console.log(`${value <= (limit ?? Infinity) ? 'ok  ' : 'SLOW'} ${what.padEnd(46)} ${typeof value === 'number' ? value.toFixed(value < 1 ? 4 : 0) : value}${limit === undefined ? '' : ` (at most ${limit})`}`);
};

/** Milliseconds until it is there, counted from when it is asked for; and how much of the page moved until a second later. */
async function timed(page, what, ms, act, there) {
  const begin = Date.now();
  await act();
  await there().first().waitFor();
  tell(`${what}: ms`, Date.now() - begin, ms);
  await page.waitForTimeout(1000);
  tell(`${what}: layout shift`, await page.evaluate(() => globalThis.moved), LIMITS['layout shift']);
}

try {
  for (const width of [1440, 390]) {
    const page = await guest(browser, { width, height: 900 });
    if (width === 1440) await setUp(page, world);
    else await page.context().addCookies(state);
    var state = await page.context().cookies();
    await page.addInitScript(() => {
      globalThis.moved = 0;
      // What follows a touch or a key within half a second is meant to move.
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => { if (!entry.hadRecentInput) globalThis.moved += entry.value; })).observe({ type: 'layout-shift', buffered: true });
    });
    const go = (path) => () => page.goto(world.url + path, { waitUntil: 'commit' });
    console.log(`\n${width} px wide`);
    await go('/')();
    await page.locator('.tile').first().waitFor();
    await timed(page, 'overview', LIMITS['overview, ms'], go('/'), () => page.locator('.tile.lead strong'));
    await timed(page, 'call records', LIMITS['list, ms'], go('/calls'), () => page.locator('tbody tr'));
    await timed(page, 'call records, next page', LIMITS['list, ms'], async () => go(new URL(await page.getByRole('link', { name: 'Next page' }).evaluate((link) => link.href)).search.replace(/^/, '/calls'))(), () => page.locator('tbody tr'));
    await timed(page, 'call records of a customer to a number', LIMITS['list, ms'], go('/calls?tenant=hotel-zeezicht&b_number=%2B53'), () => page.locator('tbody tr'));
    await timed(page, 'call records that were stopped', LIMITS['list, ms'], go('/calls?stopped=true'), () => page.locator('tbody tr'));
    for (const [what, path] of [['cases', '/cases?state=open'], ['customers', '/customers'], ['a customer', '/customers/hotel-zeezicht'], ['reports', '/reports']]) {
      await timed(page, what, undefined, go(path), () => page.locator('tbody tr, .tile'));
    }
    await timed(page, 'live calls', LIMITS['list, ms'], go('/live'), () => page.locator('tbody tr'));
    const rows = await page.locator('tbody tr').count();
    const tools = await page.context().newCDPSession(page);
    await tools.send('Performance.enable');
    const busy = async () => (await tools.send('Performance.getMetrics')).metrics.find((metric) => metric.name === 'TaskDuration').value;
    const before = await busy();
    await page.waitForTimeout(20_000);
    tell(`live calls, ${rows} rows: main thread, %`, (((await busy()) - before) / 20) * 100, LIMITS['main thread, %']);
    await page.context().close();
  }
} finally {
  await browser.close();
  world.stop();
}
process.exitCode = found.every(Boolean) ? 0 : 1;
