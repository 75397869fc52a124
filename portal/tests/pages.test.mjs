// Every page, in both languages, light and dark, wide and on a phone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, barriers, content, guest, open, setUp, shot, showcase } from './world.mjs';

let world;
let browser;
let cases;
let calls;
const state = {};

before(async () => {
  [world, browser] = await Promise.all([showcase(), open()]);
  const page = await guest(browser);
  await setUp(page, world);
  state.storageState = await page.context().storageState();
  cases = (await ask(page, 'GET', '/v1/cases')).body.items;
  calls = (await ask(page, 'GET', '/v1/calls?stopped=true')).body.items;
});
after(async () => {
  await browser?.close();
  world?.stop();
});

const pages = () => [
  ['overview', '/'], ['live', '/live'], ['cases', '/cases?state=open'], ['case', `/cases/${cases.find((one) => one.tenant === 'hotel-zeezicht').id}`], ['blocks', '/blocks'],
  ['held', '/held'], ['held-all', '/held?view=history'], ['notices', '/notices'], ['integrations', '/integrations'], ['pbx', '/integrations/vandam-pbx'], ['contacts', '/customers/hotel-zeezicht?tab=contacts'], ['blocks-history', '/blocks?view=history'], ['calls', '/calls'], ['calls-none', '/calls?country=ZW'], ['call', `/calls/${calls[0].id}`], ['reports', '/reports'], ['customers', '/customers'],
  ['customer', '/customers/hotel-zeezicht'], ['numbers', '/numbers'], ['registrations', '/registrations'], ['health', '/health'], ['people', '/people'], ['approvals', '/approvals'], ['keys', '/keys'], ['access', '/access'],
  ['audit', '/audit'], ['account', '/account'], ['missing', '/nowhere'],
];

/** Waits until the page says what it has to say. */
async function settled(page) {
  await page.locator('h1').waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"]'));
  await page.waitForLoadState('load');
  await page.waitForTimeout(350);
}

for (const [name, options] of [
  ['en', { locale: 'en-GB' }],
  ['nl-dark', { locale: 'nl-NL', dark: true }],
  ['nl-phone', { locale: 'nl-NL', width: 390, height: 844 }],
  ['en-wide', { locale: 'en-GB', width: 2200, height: 1200 }],
]) {
  test(`all pages: ${name}`, async () => {
    const page = await guest(browser, { ...options, ...state });
    const found = [];
    await page.addInitScript(() => {
      globalThis.moved = 0;
      new PerformanceObserver((list) => list.getEntries().forEach((entry) => (globalThis.moved += entry.value))).observe({ type: 'layout-shift', buffered: true });
    });
    for (const [title, path] of pages()) {
      await page.goto(world.url + path);
      await settled(page);
      assert.equal(await page.locator('html').getAttribute('lang'), name.slice(0, 2));
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) found.push(`${title} is ${over} px too wide`);
      const moved = await page.evaluate(() => globalThis.moved);
      if (moved > 0.01) found.push(`${title} moves while it comes: ${moved.toFixed(3)}`);
      found.push(...(await barriers(page)));
      await shot(page, `${name}-${title}`, true);
    }
    assert.deepEqual(found, []);
    content(page);
    await page.context().close();
  });
}

// Only the program sends its pages packed.
test('the first load is small', { skip: Boolean(process.env.PORTAL_FRESH) }, async () => {
  const page = await guest(browser, state);
  const sizes = [];
  page.on('response', async (answer) => {
    if (/\.(js|css)$|\/$/.test(new URL(answer.url()).pathname)) sizes.push((await answer.request().sizes()).responseBodySize);
  });
  await page.goto(world.url);
  await settled(page);
  const sum = sizes.reduce((total, size) => total + size, 0);
  console.log(`first load: ${(sum / 1000).toFixed(1)} kB in ${sizes.length} files`);
  assert.ok(sum > 20_000 && sum <= 120_000, `${sum} bytes`);
});
