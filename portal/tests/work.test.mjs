// What people do all day: end a call, decide a case, block and lift, search, share a link.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, barriers, content, guest, open, setUp, shot, showcase } from './world.mjs';

let world;
let browser;
let page;
before(async () => {
  [world, browser] = await Promise.all([showcase(), open()]);
  page = await guest(browser);
  await setUp(page, world);
});
after(async () => {
  await browser?.close();
  world?.stop();
});

const rows = () => page.locator('tbody tr');

test('a call is ended after asking, and what happened is there at once', async () => {
  await page.goto(world.url);
  await page.getByRole('status').getByText('Live').waitFor();
  const dear = page.getByRole('button', { name: /End call: hotel-zeezicht · 131/ });
  await dear.click();
  await page.getByRole('dialog').waitFor();
  assert.deepEqual(await barriers(page), []);
  await shot(page, 'work-end');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await dear.click();
  await page.getByLabel('Why (for the audit log)').fill('satellite at night');
  await page.getByRole('dialog').getByRole('button', { name: 'End call' }).click();
  await page.getByText('Call ended').waitFor();
  await page.getByText('ended by root').waitFor();
  await dear.waitFor({ state: 'detached' });
  const { body } = await ask(page, 'GET', '/v1/audit?limit=1');
  assert.deepEqual([body.items[0].what, body.items[0].why], ['call.cut', 'satellite at night']);
  content(page);
});

test('many calls are ended only by who typed how many', async () => {
  await page.goto(`${world.url}/live?tenant=van-dam-advocaten`);
  await page.getByRole('button', { name: 'End all shown' }).click();
  const end = page.getByRole('dialog').getByRole('button', { name: 'End 2 calls' });
  assert.equal(await end.isDisabled(), true);
  await page.getByLabel('Type “2” to go on').fill('2');
  await end.click();
  await page.getByText('2 calls ended').waitFor();
  await page.getByText('Nothing matches these filters').waitFor();
  await page.getByRole('link', { name: 'Clear filters' }).click();
  await page.getByRole('cell', { name: /bakker-bouw/ }).first().waitFor();
  content(page);
});

test('a case is decided with one click, and undone', async () => {
  await page.goto(`${world.url}/cases?state=open`);
  await page.getByRole('link', { name: /short calls to numbers charged per call/ }).click();
  await page.getByRole('heading', { name: 'bakker-bouw · 207', level: 1 }).waitFor();
  await page.getByText('€26.40 spent and reserved').waitFor();
  await page.getByRole('button', { name: 'Yes, fraud' }).click();
  await page.getByRole('heading', { name: 'Fraud, said root' }).waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('heading', { name: 'Was this fraud?' }).waitFor();
  await page.getByLabel('Add a note').fill('Asked the builder: not his.');
  await page.getByRole('button', { name: 'Add a note' }).click();
  await page.getByText('Asked the builder: not his.').first().waitFor();
  await page.getByRole('button', { name: 'No, false alarm' }).click();
  await page.getByRole('heading', { name: 'False alarm, said root' }).waitFor();
  content(page);
});

test('a block is set with care and lifted with a way back', async () => {
  await page.goto(`${world.url}/blocks`);
  await page.getByRole('button', { name: 'New block' }).click();
  await page.getByRole('dialog').getByLabel('Customer', { exact: true }).fill('praktijk-linde');
  await page.getByRole('radio', { name: /Suspended/ }).check();
  const go = page.getByRole('dialog').getByRole('button', { name: 'Block', exact: true });
  assert.equal(await go.isDisabled(), true);
  assert.deepEqual(await barriers(page), []);
  await page.getByLabel('Type “praktijk-linde” to go on').fill('praktijk-linde');
  await shot(page, 'work-block');
  await go.click();
  await page.getByText('Block set').waitFor();
  const row = page.getByRole('row', { name: /praktijk-linde/ });
  await row.getByText('Suspended').waitFor();
  await page.getByRole('button', { name: 'Lift: hotel-zeezicht · 131' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).click();
  await page.getByText('Block lifted').waitFor();
  await page.getByRole('row', { name: /hotel-zeezicht/ }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('row', { name: /hotel-zeezicht.*root/ }).waitFor();
  await page.getByRole('link', { name: 'History' }).click();
  await page.getByText('lifted by root').waitFor();
  content(page);
});

test('what is searched, sorted and paged is in the link', async () => {
  await page.goto(`${world.url}/calls`);
  await page.getByLabel('To', { exact: true }).fill('+53');
  await page.keyboard.press('Enter');
  await page.waitForURL(/b_number=%2B53/);
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 41);
  await page.getByLabel('Outcome').selectOption('cut');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  const link = page.url();
  await page.goto(`${world.url}/calls`);
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 50);
  const first = await rows().first().textContent();
  await page.getByRole('link', { name: 'Next page' }).click();
  await page.waitForURL(/after=/);
  await page.waitForFunction((text) => document.querySelector('tbody tr')?.textContent !== text, first);
  await page.goBack();
  await page.waitForFunction((text) => document.querySelector('tbody tr')?.textContent === text, first);
  await page.getByRole('link', { name: 'Cost' }).click();
  await page.getByRole('link', { name: 'Cost' }).click();
  await page.waitForURL(/sort=-cost/);
  assert.equal(await page.getByRole('columnheader', { name: 'Cost' }).getAttribute('aria-sort'), 'descending');
  // Which calls the page holds depends on the day of the week.
  const costs = (await page.locator('tbody tr td:last-child').allTextContents()).map((text) => Number(/€([\d.]+)/.exec(text)?.[1]));
  assert.ok(costs[0] > 0, costs.join());
  assert.deepEqual(costs, costs.toSorted((one, other) => other - one));
  await page.goto(link);
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as CSV' }).click();
  assert.equal((await saved).suggestedFilename(), 'call-records.csv');
  content(page);
});

test('an error says what to do and under which id it is known', async () => {
  await page.route('**/v1/calls?*', (route) => route.fulfill({ status: 500, contentType: 'application/json', body: '{"request_id":"abc123","code":"broken","message":"something went wrong here","hint":"report it with the request id"}' }));
  await page.goto(`${world.url}/calls`);
  await page.getByText('Something went wrong in Ringfence').waitFor();
  await page.getByText('abc123').waitFor();
  assert.deepEqual(await barriers(page), []);
  await page.unroute('**/v1/calls?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await rows().first().waitFor();
  content(page);
});

test('language and appearance are the person’s choice, and stay', async () => {
  await page.goto(world.url);
  await page.getByLabel('Language').selectOption('nl');
  await page.getByRole('heading', { name: 'Overzicht', level: 1 }).waitFor();
  await page.getByLabel('Weergave').selectOption('dark');
  await page.reload();
  await page.getByRole('heading', { name: 'Overzicht', level: 1 }).waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'nl');
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(15, 20, 22)');
  assert.match(await page.locator('.lead strong').textContent(), /^€\s\d+,\d\d$/);
  await page.getByLabel('Taal').selectOption('en');
  await page.getByLabel('Appearance').selectOption('auto');
  content(page);
});

test('all of it by keyboard', async () => {
  await page.goto(world.url);
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to content');
  await page.getByRole('link', { name: 'Blocks', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Blocks', level: 1 }).waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
  await page.getByRole('button', { name: 'New block' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  content(page);
});
