// node tests/pace.mjs [TIMES] [CALLS]: how quick the portal is: lists of the real program with a million call records, and
// 500 running calls of the showcase. Fails when it is slower than people are promised.
import { customers, guest, open, port, real, setUp, start } from './world.mjs';

const [times = '335', calls = '500'] = process.argv.slice(2);
const LIMITS = { open: 1000, list: 200, shift: 0.01, busy: 20 };
const browser = await open();
const found = [];
const tell = (what, value, limit) => {
  found.push(limit === undefined || value <= limit);
  console.log(`${value <= (limit ?? Infinity) ? 'ok  ' : 'SLOW'} ${what.padEnd(52)} ${value.toFixed(value < 1 ? 4 : 0)}${limit === undefined ? '' : ` (at most ${limit})`}`);
};
const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];

/** What of the page moved by itself; what follows a touch or a key within half a second is meant to. */
const watching = () => {
  globalThis.moved = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { if (!entry.hadRecentInput) globalThis.moved += entry.value; })).observe({ type: 'layout-shift', buffered: true });
};

/** Milliseconds until it is there, of the whole page anew; and how much of it moved until a second later. */
async function opened(page, what, path, there) {
  const begin = Date.now();
  await page.goto(page.root + path, { waitUntil: 'commit' });
  await there().first().waitFor();
  tell(`${what}: ms`, Date.now() - begin, LIMITS.open);
  await page.waitForTimeout(1000);
  tell(`${what}: layout shift`, await page.evaluate(() => globalThis.moved), LIMITS.shift);
}

/** Milliseconds from a click on a link to the frame in which its rows are shown; `null` where there is no such link. */
const clicked = (page, address) =>
  page.evaluate(async (address) => {
    const text = () => document.querySelector('main .card')?.textContent ?? '';
    const link = address ? Object.assign(document.createElement('a'), { href: address }) : [...document.querySelectorAll('main footer a')].find((one) => one.textContent === 'Next page');
    if (!link) return null;
    if (address) document.body.append(link);
    const before = text();
    const begin = performance.now();
    link.click();
    if (address) link.remove();
    while (text() === before && performance.now() - begin < 5000) await new Promise((done) => requestAnimationFrame(done));
    return performance.now() - begin;
  }, address);

/** Twelve pages of a list, and the way to it from another. */
async function paged(page, what, path) {
  await page.goto(page.root + path, { waitUntil: 'commit' });
  await page.locator('tbody tr').first().waitFor();
  const took = [];
  for (let at = 0; at < 12; at += 1) {
    const ms = await clicked(page);
    if (ms === null) break;
    took.push(ms);
    await page.waitForTimeout(60);
  }
  const first = path.replace(/\?.*/, '');
  await page.goto(`${page.root}${first}?country=ZZ`, { waitUntil: 'commit' });
  await page.locator('.empty').waitFor();
  took.push(await clicked(page, path));
  tell(`${what}: ${took.length} pages, median ms`, median(took), LIMITS.list);
  tell(`${what}: longest ms`, Math.max(...took), undefined);
}

async function lists() {
  const world = await real({ past: Number(times) });
  try {
    const page = await guest(browser);
    page.root = world.url;
    await setUp(page, world);
    await customers(page);
    await page.addInitScript(watching);
    // Fewer on some days of the week than on others; less than all of them is not waited for.
    const wanted = Number(times) * 2_800;
    const read = () => page.evaluate(async () => {
      const span = `from=${new Date(Date.now() - 30 * 864e5).toISOString()}&until=${new Date(Date.now() + 864e5).toISOString()}`;
      const { items } = await (await fetch(`/v1/usage?${span}`)).json();
      return items[0]?.attempts ?? 0;
    });
    let records = 0;
    for (let before = -1; records < wanted || records !== before; await page.waitForTimeout(3000)) [before, records] = [records, await read()];
    console.log(`\nthe real program, ${records} call records`);
    await opened(page, 'overview', '/', () => page.locator('.tile.lead strong'));
    await opened(page, 'call records', '/calls', () => page.locator('tbody tr'));
    for (const [what, path] of [
      ['call records', '/calls'], ['of a customer', '/calls?tenant=gemeente-oosterveld'], ['of an extension', '/calls?tenant=hotel-zeezicht&extension=118'], ['to a number', '/calls?b_number=%2B4930123456'],
      ['to what begins so, of a customer', '/calls?tenant=bakker-bouw&b_number=%2B32'], ['that were stopped', '/calls?stopped=true'], ['to a country', '/calls?country=BE'], ['to a kind of line', '/calls?kind=company'],
    ]) await paged(page, `call records ${what}`.replace('records call records', 'records'), path);
    for (const [what, path] of [['cases', '/cases?state=open'], ['customers', '/customers'], ['a customer', '/customers/hotel-zeezicht'], ['reports', '/reports'], ['report: longest calls', '/reports?report=longest&tenant=hotel-zeezicht'], ['report: repeated numbers', '/reports?report=repeated&tenant=hotel-zeezicht'], ['report: office hours', '/reports?report=office&tenant=hotel-zeezicht'], ['report: unusual', '/reports?report=unusual&tenant=hotel-zeezicht']]) {
      await opened(page, what, path, () => page.locator('tbody tr, .tile, .empty'));
    }
  } finally {
    await world.stop();
  }
}

async function live() {
  const world = await start('examples/showcase', [String(await port()), '1', calls]);
  try {
    let state;
    for (const width of [1440, 390]) {
      const page = await guest(browser, { width, height: 900 });
      page.root = world.url;
      if (state) await page.context().addCookies(state);
      else await setUp(page, world);
      state = await page.context().cookies();
      await page.addInitScript(watching);
      console.log(`\n${calls} running calls, ${width} px wide`);
      // A browser that has just begun is not what is weighed.
      await page.goto(page.root);
      await page.locator('.tile').first().waitFor();
      await opened(page, 'overview', '/', () => page.locator('.tile.lead strong'));
      await opened(page, 'live calls', '/live', () => page.locator('tbody tr'));
      const rows = await page.locator('tbody tr').count();
      const tools = await page.context().newCDPSession(page);
      await tools.send('Performance.enable');
      const busy = async () => (await tools.send('Performance.getMetrics')).metrics.find((metric) => metric.name === 'TaskDuration').value;
      const before = await busy();
      await page.waitForTimeout(20_000);
      tell(`live calls, ${rows} rows: main thread, %`, (((await busy()) - before) / 20) * 100, LIMITS.busy);
      tell('live calls after 20 s: layout shift', await page.evaluate(() => globalThis.moved), LIMITS.shift);
      await page.context().close();
    }
  } finally {
    world.stop();
  }
}

try {
  await live();
  await lists();
} finally {
  await browser.close();
}
process.exitCode = found.every(Boolean) ? 0 : 1;
