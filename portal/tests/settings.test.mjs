// Settings, over the real program with a past: limits, rules, hours, trials, tariffs, extensions, trunks; and taking back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import ts from 'typescript';
import { ask, barriers, content, customers, guest, join, open, real, setUp, shot } from './world.mjs';

let world;
let browser;
let page;
/** Looks after hotel-zeezicht; from then on grave acts there need two. */
let colleague;
before(async () => {
  [world, browser] = await Promise.all([real({ past: 1 }), open()]);
  page = await guest(browser);
  await setUp(page, world);
  await customers(page);
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

const tab = (name, tenant = 'bakker-bouw') => page.goto(`${world.url}/customers/${tenant}?tab=${name}`);
const policy = async (tenant = 'bakker-bouw') => (await ask(page, 'GET', `/v1/tenants/${tenant}/policy`)).body.settings;
const sure = (name) => page.getByRole('dialog').getByRole('button', { name, exact: true }).click();

/** A file of the pages, to be called here. */
async function source(path) {
  const text = readFileSync(new URL(`../src/${path}`, import.meta.url), 'utf8');
  const { outputText } = ts.transpileModule(text, { compilerOptions: { module: 'ESNext', target: 'ES2022' } });
  return import(`data:text/javascript,${encodeURIComponent(outputText)}`);
}

for (const [name, options] of [
  ['en', { locale: 'en-GB' }],
  ['nl-dark', { locale: 'nl-NL', dark: true }],
  ['nl-phone', { locale: 'nl-NL', width: 390, height: 844 }],
  ['en-wide', { locale: 'en-GB', width: 2200, height: 1200 }],
]) {
  test(`all pages of settings: ${name}`, async () => {
    const looker = await guest(browser, { ...options, storageState: await page.context().storageState() });
    const found = [];
    const tabs = ['limits', 'policy', 'hours', 'trial', 'trunks', 'extensions', 'tariff', 'contacts', 'receivers', 'general'].map((one) => [`customer-${one}`, `/customers/bakker-bouw?tab=${one}`]);
    for (const [title, path] of [...tabs, ['start', '/start'], ['reports-office', '/reports?report=office&tenant=hotel-zeezicht'], ['reports-repeated', '/reports?report=repeated&tenant=hotel-zeezicht'], ['reports-unusual', '/reports?report=unusual&tenant=hotel-zeezicht'], ['reports-week', '/reports?by=start&per=week&days=90'], ['integrations', '/integrations'], ['integration', '/integrations/bakker-asterisk']]) {
      await looker.goto(world.url + path);
      await looker.locator('main .card').first().waitFor();
      await looker.waitForTimeout(350);
      const over = await looker.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (over > 0) found.push(`${title} is ${over} px too wide`);
      found.push(...(await barriers(looker)));
      await shot(looker, `${name}-${title}`, true);
    }
    assert.deepEqual(found, []);
    content(looker);
    await looker.context().close();
  });
}

test('what holds without a policy is what the engine says, and so is the most that can be lost', async () => {
  const { complete, maxLoss, differences, DEFAULT } = await source('pages/customer/policy.ts');
  assert.deepEqual(differences(complete(await policy('hotel-zeezicht')), DEFAULT), []);
  for (const tenant of ['hotel-zeezicht', 'bakker-bouw']) {
    const { body } = await ask(page, 'GET', `/v1/tenants/${tenant}/max-loss`);
    assert.deepEqual(maxLoss(complete(await policy(tenant))), body.at_most);
  }
});

test('the most that can be lost is shown while limits are typed, and holds when saved', async () => {
  await tab('limits');
  const day = page.getByLabel('The whole customer, Per day');
  await page.locator('dd', { hasText: '€75.00' }).first().waitFor();
  await day.fill('lots');
  assert.equal(await day.getAttribute('aria-invalid'), 'true');
  await day.fill('60,50');
  await page.locator('dd', { hasText: '€60.50' }).first().waitFor();
  await page.getByText('now in force: €75.00').waitFor();
  await page.getByLabel('Limits of one extension').fill('201');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByLabel('Extension 201, Per call').fill('40');
  await page.getByText('now in force: €25.00').waitFor();
  await shot(page, 'settings-limits');
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('button', { name: 'Put in force' }).click();
  await sure('Put in force');
  await page.getByText('Saved and in force').waitFor();
  const { body } = await ask(page, 'GET', '/v1/tenants/bakker-bouw/max-loss');
  assert.deepEqual([body.at_most.day, body.at_most.call], [60_500_000, 40_000_000]);
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.locator('dd', { hasText: '€75.00' }).first().waitFor();
  assert.equal(Number((await policy()).limits.per_day), 75);
  content(page);
});

test('a limit that cannot hold is refused with what to do', async () => {
  await tab('limits');
  await page.getByLabel('The whole customer, Per week').fill('10');
  await page.getByRole('button', { name: 'Put in force' }).click();
  await sure('Put in force');
  await page.getByRole('alert').getByText(/per_week|week/).first().waitFor();
  await shot(page, 'settings-refused');
  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByRole('button', { name: 'Put in force' }).waitFor({ state: 'detached' });
  content(page);
});

test('rules and hours are made, tried on what happened, and put in force', async () => {
  await tab('policy');
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByLabel('Class', { exact: true }).last().selectOption('mobile');
  await page.getByLabel('When').last().selectOption('closed');
  await page.getByLabel('Never pass: Number or first digits').fill('+32 475');
  await page.getByLabel('Never pass: Note').fill('Nobody we know');
  await page.getByRole('button', { name: 'Add', exact: true }).last().click();
  await page.getByText('Nobody we know').waitFor();
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('link', { name: 'Hours' }).click();
  await page.getByLabel('Own closed days', { exact: true }).fill('2026-12-24\n2027-07-20/2027-08-07');
  await page.getByRole('checkbox', { name: 'Fri' }).uncheck();
  await page.getByRole('row', { name: /^Mon/ }).waitFor();
  await shot(page, 'settings-hours', true);
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('link', { name: 'Try it on history' }).click();
  await page.getByRole('cell', { name: 'office.closures' }).waitFor();
  await page.getByLabel(/Calls of the last/).selectOption('14');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByRole('heading', { name: 'Only the draft stops' }).waitFor();
  const stops = page.getByRole('region', { name: 'Only the draft stops' });
  assert.ok((await stops.getByRole('row').count()) > 2, 'calls to a number that never passes');
  await page.getByText('Earlier trials').waitFor();
  await shot(page, 'settings-trial', true);
  assert.deepEqual(await barriers(page), []);
  // Said as people know it, not by the record's id.
  assert.match(await stops.getByRole('link').first().textContent(), /^\d+ \p{L}+\.?,? \d\d:\d\d|^\d\d:\d\d:\d\d/u);
  const record = await stops.getByRole('link').first().getAttribute('href');
  await page.getByRole('button', { name: 'Put the draft in force' }).click();
  await sure('Put the draft in force');
  await page.getByText('Saved and in force').waitFor();
  const { classes, deny, office } = await policy();
  assert.deepEqual(classes.at(-1), { class: 'mobile', when: 'closed', allow: false });
  assert.deepEqual(deny.at(-1), { prefix: '+32475', note: 'Nobody we know' });
  assert.deepEqual([office.closures, office.open[0].days], [['2026-12-24', '2027-07-20/2027-08-07'], ['mon', 'tue', 'wed', 'thu']]);
  await page.goto(world.url + record);
  await page.getByRole('heading', { level: 1, name: /\+(32475|31612)/ }).waitFor();
  content(page);
});

test('a change is taken back from the audit log', async () => {
  await page.goto(`${world.url}/audit?subject=policy+bakker-bouw/policy`);
  await page.getByRole('button', { name: /^Show: policy.change/ }).first().click();
  await page.getByRole('button', { name: 'Take this change back' }).click();
  await sure('Take this change back');
  await page.getByText('Taken back', { exact: true }).waitFor();
  assert.equal((await policy()).deny.length, 1);
  content(page);
});

test('a rate deck is looked at before it counts', async () => {
  await tab('tariff');
  await page.getByText('The default tariff holds, an estimate').waitFor();
  await page.getByRole('button', { name: 'Import a rate deck' }).click();
  const rows = ['Landcode;Bestemming;Tarief', '31;Nederland;0,01', '3197;M2M;0,05', '32;België;veel', '49;Duitsland;0,02', '881;Satelliet;4,90', '31;Nederland;0,02'];
  const buffer = Buffer.from(rows.join('\r\n'), 'latin1');
  await page.getByLabel('Rate deck as CSV').setInputFiles({ name: 'deck.csv', mimeType: 'text/csv', buffer });
  // Headings that say nothing: columns are named by place.
  await page.getByRole('alert').or(page.getByText('cannot be used')).first().waitFor();
  if (await page.getByRole('alert').count()) {
    await page.getByLabel('Prefix', { exact: true }).fill('1');
    await page.getByLabel('Price per minute', { exact: true }).fill('3');
    await page.getByRole('button', { name: 'Look at it' }).click();
  }
  await page.getByText('4 prefixes with a price, of 6 rows').waitFor();
  await page.getByRole('heading', { name: 'One row cannot be used' }).waitFor();
  await page.getByRole('cell', { name: /32;België;veel/ }).waitFor();
  await page.getByText('priced twice; the dearer one counts').waitFor();
  await shot(page, 'settings-tariff', true);
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('button', { name: 'Put in force' }).click();
  await page.getByText('The rate deck is in force').waitFor();
  const { body } = await ask(page, 'GET', '/v1/numbers/0031201234567?tenant=bakker-bouw');
  assert.deepEqual([body.price.per_minute, body.price.default_tariff], [20_000, false]);
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download it' }).click();
  assert.equal((await saved).suggestedFilename(), 'bakker-bouw-tariff.csv');
  await page.getByRole('button', { name: 'Back to the default tariff' }).click();
  await sure('Back to the default tariff');
  await page.getByText('The default tariff holds, an estimate').waitFor();
  content(page);
});

test('extensions and trunks are made, changed and removed', async () => {
  await tab('extensions');
  await page.getByRole('button', { name: 'New extension' }).click();
  await page.getByLabel('Extension', { exact: true }).fill('210');
  await page.getByRole('button', { name: 'Make one' }).click();
  assert.equal((await page.getByLabel('Password').inputValue()).length, 20);
  await page.getByLabel('Outside numbers').fill('+31 20 123 4510');
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Extension saved').waitFor();
  await page.getByRole('row', { name: /210.*\+31/ }).waitFor();
  const { body } = await ask(page, 'GET', '/v1/tenants/bakker-bouw/extensions/210');
  assert.deepEqual(body.settings.ha1, { kept: true });
  await page.getByRole('button', { name: 'Change: 210' }).click();
  await page.getByLabel('Networks').fill('198.51.100.0/24');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('row', { name: /210.*198\.51\.100\.0\/24/ }).waitFor();
  await page.getByRole('button', { name: 'Change: 210' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').last().getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('row', { name: /210/ }).waitFor({ state: 'detached' });

  await tab('trunks', 'hotel-zeezicht');
  await page.getByRole('row', { name: /zeezicht-pbx.*PBX/ }).waitFor();
  await page.getByRole('row', { name: /carrier-1.*for all customers/ }).waitFor();
  await page.getByRole('button', { name: 'New trunk' }).click();
  await page.getByLabel('Name', { exact: true }).fill('zeezicht-kpn');
  await page.getByLabel('Side').selectOption('carrier');
  await page.getByLabel('Calls go to').fill('127.0.0.9');
  await page.getByLabel('User').fill('31201234500');
  await page.getByLabel('Password').fill('a secret of the carrier');
  await shot(page, 'settings-trunk');
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('row', { name: /zeezicht-kpn/ }).waitFor();
  // A secret that is not typed again stays.
  await page.getByRole('button', { name: 'Change: zeezicht-kpn' }).click();
  await page.getByLabel('Numbers as').selectOption('plus');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const trunk = await ask(page, 'GET', '/v1/trunks/zeezicht-kpn');
  assert.deepEqual([trunk.body.settings.account, trunk.body.settings.number_form], [{ user: '31201234500', password: { kept: true } }, 'plus']);
  content(page);
});

test('a customer is made, changed and removed by who types its name', async () => {
  await page.goto(`${world.url}/customers`);
  await page.getByRole('button', { name: 'New customer' }).click();
  await page.getByLabel('Name', { exact: true }).fill('garage-west');
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
  await page.getByRole('heading', { name: 'garage-west', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'General' }).click();
  await page.getByLabel('Numbers').fill('+31 30 123 4567');
  await page.getByLabel('Mode').selectOption('enforce');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Saved', { exact: true }).waitFor();
  const { body } = await ask(page, 'GET', '/v1/tenants/garage-west');
  assert.deepEqual([body.settings.mode, body.settings.numbers], ['enforce', ['+31 30 123 4567']]);
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  const go = page.getByRole('dialog').getByRole('button', { name: 'Remove' });
  assert.equal(await go.isDisabled(), true);
  await page.getByLabel('Type “garage-west” to go on').fill('garage-west');
  await go.click();
  await page.getByText('Customer removed').waitFor();
  assert.equal((await ask(page, 'GET', '/v1/tenants/garage-west')).status, 404);
  content(page);
});

test('who may only read settings changes nothing, and each has the rights the API gives', async () => {
  const { holds } = await source('session/roles.ts');
  const all = (await ask(page, 'GET', '/v1/me')).body.permissions;
  const reader = await guest(browser);
  await join(page, reader, world, 'audrey', 'Audrey Kok', [{ role: 'auditor', reach: 'platform' }]);
  const admin = (colleague = await guest(browser));
  await join(page, admin, world, 'tess', 'Tess Bos', [{ role: 'tenant_admin', reach: { tenant: 'hotel-zeezicht' } }, { role: 'operator', reach: { tenant: 'bakker-bouw' } }]);
  for (const one of [page, reader, admin]) {
    const { permissions, grants } = (await ask(one, 'GET', '/v1/me')).body;
    const held = all.filter((permission) => grants.some(({ role }) => holds(role, permission)));
    assert.deepEqual([...permissions].sort(), held.sort());
  }
  await reader.goto(`${world.url}/customers/bakker-bouw?tab=limits`);
  await reader.getByText('You may read this, not change it.').waitFor();
  assert.equal(await reader.getByLabel('The whole customer, Per day').isDisabled(), true);
  // The same person may change one customer and not the other.
  for (const [tenant, disabled] of [['hotel-zeezicht', false], ['bakker-bouw', true]]) {
    await admin.goto(`${world.url}/customers/${tenant}?tab=limits`);
    await admin.getByLabel('The whole customer, Per day').waitFor();
    assert.equal(await admin.getByLabel('The whole customer, Per day').isDisabled(), disabled, tenant);
  }
  content(reader);
  content(admin);
});

test('a limit is raised far only when a second person agrees', async () => {
  const second = colleague;
  await tab('limits', 'hotel-zeezicht');
  for (const [field, amount] of [['Per day', '2500'], ['Per week', '5000'], ['Per 30 days', '9000']]) await page.getByLabel(`The whole customer, ${field}`).fill(amount);
  await page.getByRole('button', { name: 'Put in force' }).click();
  await page.getByLabel('Why (for the audit log)').fill('the season begins');
  await sure('Put in force');
  await page.getByText('A second person must agree first').waitFor();
  assert.equal((await ask(page, 'GET', '/v1/tenants/hotel-zeezicht/max-loss')).body.at_most.day, 500_000_000);
  await second.goto(`${world.url}/approvals`);
  await second.getByText('Change settings of hotel-zeezicht').waitFor();
  await second.getByText('the season begins').waitFor();
  await second.getByText('limits.per_day').waitFor();
  assert.equal(await second.getByRole('main').locator('code').count(), 3);
  await shot(second, 'settings-approval');
  assert.deepEqual(await barriers(second), []);
  await second.getByRole('button', { name: 'Approve' }).click();
  await second.getByText('Approved').waitFor();
  assert.equal((await ask(page, 'GET', '/v1/tenants/hotel-zeezicht/max-loss')).body.at_most.day, 2_500_000_000);
  content(second);
});

test('every report has its figures', async () => {
  const url = (query) => page.goto(`${world.url}/reports?${query}`);
  await url('report=office');
  await page.getByText('Choose a customer').waitFor();
  await page.getByRole('combobox', { name: 'Customer' }).fill('hotel-zeezicht');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('cell', { name: '131', exact: true }).waitFor();
  await shot(page, 'reports-office');
  await url('report=longest&tenant=hotel-zeezicht');
  await page.getByRole('columnheader', { name: 'Duration' }).waitFor();
  await url('report=repeated&tenant=hotel-zeezicht');
  await page.getByRole('link', { name: '+31201234567' }).first().waitFor();
  await url('report=unusual&tenant=hotel-zeezicht');
  await page.getByRole('row', { name: /131.*Cuba.*new/ }).waitFor();
  // What is unusual is so without what is usual.
  assert.equal(await page.getByRole('row', { name: /Netherlands · Fixed/ }).count(), 0);
  await url('report=short&tenant=bakker-bouw');
  await page.getByRole('link', { name: /\+31909123/ }).first().waitFor();
  // The same calls, by each of the times.
  const calls = async (per) => {
    await url(`by=start&days=30&per=${per}`);
    await page.getByRole('link', { name: { day: 'Day', week: 'Week', month: 'Month', quarter: 'Quarter' }[per], exact: true, current: 'true' }).waitFor();
    await page.locator('tbody tr').first().waitFor();
    const cells = await page.locator('tbody td[data-label="Attempts"]').allTextContents();
    return [cells.length, cells.reduce((sum, text) => sum + Number(text.replace(/\D/g, '')), 0)];
  };
  const [[days, byDay], [weeks, byWeek], [months, byMonth], [quarters, byQuarter]] = [await calls('day'), await calls('week'), await calls('month'), await calls('quarter')];
  assert.ok(days >= 13 && weeks >= 2 && weeks <= 4 && months <= weeks && quarters <= months, `${days} ${weeks} ${months} ${quarters}`);
  assert.deepEqual([byWeek, byMonth, byQuarter], [byDay, byDay, byDay]);
  await url('by=extension&days=7');
  await page.getByRole('link', { name: 'hotel-zeezicht · 131' }).waitFor();
  await url('by=kind%2Ccountry&days=90');
  await page.getByRole('link', { name: /Netherlands · Mobile/ }).waitFor();
  assert.deepEqual(await barriers(page), []);
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('navigation', { name: 'Main' }).isVisible(), false);
  assert.equal(await page.getByRole('link', { name: /Netherlands · Mobile/ }).isVisible(), true);
  await page.emulateMedia({ media: 'screen' });
  content(page);
});
