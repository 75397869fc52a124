// Coming in: the first person, colleagues, second factors; by keyboard, in both languages.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers, code, content, guest, open, PASSWORD, shot, showcase, start, port, withReader } from './world.mjs';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

const secret = (page) => page.locator('[data-secret]').textContent();

/** Fills the first step in, whatever language it is in. */
async function introduce(page, world, labels) {
  await page.goto(world.link);
  await page.getByLabel(labels.name, { exact: true }).fill('Sanne de Wit');
  await page.getByLabel('Login', { exact: true }).fill('sanne@provider.example');
  await page.getByLabel(labels.password, { exact: true }).fill(PASSWORD);
  await page.getByLabel(labels.again).fill(PASSWORD);
  await shot(page, `enter-setup-${labels.tongue}`);
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('button', { name: labels.go, exact: true }).click();
}

const EN = { tongue: 'en', name: 'Your name', password: 'Password', again: 'Password again', go: 'Continue' };
const NL = { tongue: 'nl', name: 'Uw naam', password: 'Wachtwoord', again: 'Wachtwoord nogmaals', go: 'Verder' };

test('the first person comes in with an authenticator, over the real program', async () => {
  const folder = mkdtempSync(path(tmpdir(), 'portal-'));
  const [sip, web] = [await port(), await port()];
  writeFileSync(
    path(folder, 'ringfence.toml'),
    `data = "${folder}/data"\n[[listen]]\nudp = "127.0.0.1:${sip}"\n[[tenant]]\nid = "office"\ncountry = "NL"\n[[trunk]]\nid = "pbx"\ntenant = "office"\nside = "pbx"\naddress = "127.0.0.2"\n` +
      `[[trunk]]\nid = "carrier"\nside = "carrier"\naddress = "127.0.0.3"\ntarget = "127.0.0.3"\n[api]\nlisten = "127.0.0.1:${web}"\n`,
  );
  const world = await start('ringfence', ['serve', '--config', path(folder, 'ringfence.toml')]);
  try {
    const page = await guest(browser, { locale: 'nl-NL' });
    await page.goto(world.url);
    await page.getByText('Open de instel-link').waitFor();
    await introduce(page, world, NL);
    await page.getByRole('button', { name: /Authenticator-app gebruiken/ }).click();
    const shown = await secret(page);
    assert.deepEqual(await barriers(page), []);
    await shot(page, 'enter-totp-nl');
    await page.getByLabel('Code van uw authenticator').fill('000000');
    await page.getByRole('button', { name: 'Code controleren' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Code van uw authenticator').fill(code(shown));
    await page.getByRole('button', { name: 'Code controleren' }).click();
    await page.getByRole('heading', { name: 'Herstelcodes' }).waitFor();
    assert.equal(await page.locator('ul.mono li').count(), 10);
    await page.getByRole('button', { name: 'Ik heb ze bewaard' }).click();
    await page.getByRole('heading', { name: 'Overzicht', level: 1 }).waitFor();
    await page.getByText('Er is nog niets gebeurd').waitFor();
    await page.getByText('Er loopt geen gesprek').waitFor();
    await shot(page, 'enter-empty-nl', true);
    assert.deepEqual(await barriers(page), []);
    for (const [link, empty] of [['Zaken', 'Geen zaken'], ['Blokkades', 'Geen blokkades van kracht'], ['Gesprekken', 'Nog geen gesprekken'], ['Registraties', 'Geen toestel is geregistreerd']]) {
      await page.getByRole('link', { name: link, exact: true }).click();
      await page.getByText(empty).waitFor();
    }
    await page.getByRole('link', { name: 'Gezondheid' }).click();
    await page.getByText('carrier', { exact: true }).first().waitFor();
    content(page);
    await page.context().close();
  } finally {
    world.stop();
  }
});

test('a passkey is all one needs, and a password alone is not', async () => {
  const world = await showcase();
  try {
    const page = await guest(browser);
    await withReader(page);
    await introduce(page, world, EN);
    await page.getByRole('button', { name: /Set up a passkey/ }).click();
    await page.getByRole('button', { name: 'Set up a passkey' }).click();
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    await shot(page, 'enter-login-en');
    assert.deepEqual(await barriers(page), []);
    await page.getByRole('button', { name: 'Log in with a passkey' }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByLabel('Login', { exact: true }).fill('sanne@provider.example');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Log in', exact: true }).click();
    await page.getByText('That is not right').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Second step' }).waitFor();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    content(page);
    await page.context().close();
  } finally {
    world.stop();
  }
});
