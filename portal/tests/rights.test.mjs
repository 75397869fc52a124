// Who sees and does what: an operator of one customer, an auditor, a colleague who approves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, barriers, content, guest, join, open, setUp, shot, showcase } from './world.mjs';

let world;
let browser;
let root;
before(async () => {
  [world, browser] = await Promise.all([showcase(), open()]);
  root = await guest(browser);
  await setUp(root, world);
});
after(async () => {
  await browser?.close();
  world?.stop();
});

const links = (page) => page.getByRole('navigation').getByRole('listitem').allTextContents();

test('an operator of one customer sees that one and may act', async () => {
  const page = await guest(browser);
  await join(root, page, world, 'otto', 'Otto Vos', [{ role: 'operator', reach: { tenant: 'hotel-zeezicht' } }]);
  await page.goto(world.url);
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  assert.deepEqual((await links(page)).map((text) => text.trim()), ['Overview', 'Live calls', 'Cases', 'Calls to approve', 'Blocks', 'Call records', 'Reports', 'Messages', 'hotel-zeezicht', 'Number look-up', 'Registrations', 'Integrations', 'Health', 'Approvals']);
  await page.getByRole('link', { name: 'Live calls' }).click();
  await page.getByRole('cell', { name: /hotel-zeezicht/ }).first().waitFor();
  assert.equal(await page.getByText('bakker-bouw').count(), 0);
  assert.equal(await page.getByRole('button', { name: /^End call/ }).count(), 2);
  await shot(page, 'rights-operator-live');
  // What may not be seen is not there, also by its address.
  for (const path of ['/audit', '/people', '/start']) {
    await page.goto(world.url + path);
    await page.getByRole('heading', { name: 'There is no such page', level: 1 }).waitFor();
  }
  // Who sees one customer comes to its page, and to no other's.
  await page.goto(`${world.url}/customers`);
  await page.getByRole('heading', { name: 'hotel-zeezicht', level: 1 }).waitFor();
  await page.getByText('Money at risk now').waitFor();
  await page.goto(`${world.url}/customers/bakker-bouw`);
  await page.getByRole('alert').getByText('It is not there').waitFor();
  content(page);
});

test('an auditor reads all and has no button that changes anything', async () => {
  const page = await guest(browser);
  await join(root, page, world, 'audrey', 'Audrey Kok', [{ role: 'auditor', reach: 'platform' }]);
  for (const [path, words] of [['/live', 'hotel-zeezicht'], ['/blocks', 'Guarded'], ['/held', '118'], ['/notices', 'eva'], ['/integrations', 'vandam-pbx'], ['/cases', 'Open'], ['/people', 'Audrey Kok'], ['/keys', 'No keys'], ['/audit', 'session.begin']]) {
    await page.goto(world.url + path);
    await page.getByRole('cell').or(page.locator('.empty')).getByText(words).first().waitFor();
    for (const name of [/^End/, /^Lift/, /^New/, /^Invite/, /^Revoke/, /^More:/, /^Answer/, /^Change/, /^Send/]) assert.equal(await page.getByRole('button', { name }).count(), 0, `${path} ${name}`);
  }
  await page.goto(`${world.url}/customers/hotel-zeezicht?tab=contacts`);
  await page.getByRole('row', { name: /Eva Zeeman/ }).waitFor();
  assert.equal(await page.getByRole('main').getByRole('button').filter({ hasNotText: /CSV|Print/ }).count(), 0);
  await page.goto(`${world.url}/integrations/vandam-pbx`);
  await page.getByText('Making keys is for who may change keys.').waitFor();
  const { body } = await ask(page, 'GET', '/v1/cases');
  await page.goto(`${world.url}/cases/${body.items[0].id}`);
  await page.getByRole('heading', { name: 'What happened' }).waitFor();
  assert.equal(await page.getByText('Was this fraud?').count(), 0);
  content(page);
});

test('a grave act waits until somebody else approves it', async () => {
  const page = await guest(browser);
  await join(root, page, world, 'bram', 'Bram Smit', [{ role: 'platform_admin', reach: 'platform' }]);
  await root.goto(`${world.url}/people`);
  await root.getByRole('button', { name: 'Invite' }).click();
  await root.getByLabel('Name').fill('Cor Dijk');
  await root.getByLabel('Login').fill('cor');
  await root.getByLabel('Role').selectOption('operator');
  await root.getByRole('button', { name: 'Add a right' }).click();
  assert.deepEqual(await barriers(root), []);
  await shot(root, 'rights-invite');
  await root.getByRole('dialog').getByRole('button', { name: 'Invite' }).click();
  await root.getByText('A second person must agree first').waitFor();
  await page.goto(`${world.url}/approvals`);
  await page.getByText('Make cor a user').waitFor();
  await shot(page, 'rights-approvals');
  await page.getByRole('button', { name: 'Approve' }).click();
  assert.match(await page.getByRole('dialog').locator('code').textContent(), /\/invitation#/);
  await root.goto(`${world.url}/people`);
  await root.getByText('Cor Dijk').waitFor();
  content(page);
});
