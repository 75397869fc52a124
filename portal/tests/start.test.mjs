// From the set-up link to a protected trunk and its first call, over the real program; and logging in at a provider.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers, content, guest, open, PASSWORD, real, setUp, shot, withReader } from './world.mjs';
import { call, carrier } from './sip.mjs';

let browser;
before(async () => (browser = await open()));
after(() => browser?.close());

test('from the set-up link to a protected trunk', async () => {
  const [world, kpn] = await Promise.all([real(), carrier('127.0.0.30')]);
  try {
    const page = await guest(browser);
    await withReader(page);
    await page.goto(world.link);
    await page.getByLabel('Your name').fill('Sanne de Wit');
    await page.getByLabel('Login', { exact: true }).fill('sanne@provider.example');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Password again').fill(PASSWORD);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: /Set up a passkey/ }).click();
    await page.getByRole('button', { name: 'Set up a passkey' }).click();
    await page.getByRole('button', { name: 'I have kept them' }).click();
    await page.getByText('Nobody is protected yet').waitFor();
    await shot(page, 'start-invite');
    assert.deepEqual(await barriers(page), []);
    await page.getByRole('link', { name: 'Begin' }).click();
    await page.getByLabel('Name', { exact: true }).fill('bakker-bouw');
    await page.getByLabel('Numbers').fill('+31 20 123 45');
    const next = page.getByRole('button', { name: 'Next' });
    await next.click();
    await page.getByLabel('Address of the PBX').fill('127.0.0.20');
    await next.click();
    await page.getByLabel('Calls go to').fill('not a host!');
    await next.click();
    await page.getByLabel('At most per day').fill('80');
    await page.getByText('€640.00').waitFor();
    assert.deepEqual(await barriers(page), []);
    await next.click();
    // What does not work is said before anything is in force.
    await page.getByRole('alert').getByText('bakker-bouw-carrier').first().waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByLabel('Calls go to').fill(kpn.target);
    await next.click();
    await shot(page, 'start-limits');
    await next.click();
    await page.getByText('This will be made').waitFor();
    await page.getByText('Trunk bakker-bouw-pbx').waitFor();
    await shot(page, 'start-check', true);
    assert.deepEqual(await barriers(page), []);
    await page.getByRole('button', { name: 'Put in force' }).click();
    await page.getByRole('heading', { name: 'It is in force' }).waitFor();
    await page.getByText('bakker-bouw-carrier: answers').waitFor();
    assert.equal(await call('127.0.0.20', world.sip, '0201234567'), 200);
    await page.getByText('The first call is here').waitFor();
    await shot(page, 'start-done', true);
    assert.deepEqual(await barriers(page), []);
    await page.getByRole('link', { name: 'Show' }).click();
    await page.getByText('+31201234567').first().waitFor();
    await page.goto(world.url);
    await page.getByText('Open cases').first().waitFor();
    assert.equal(await page.getByText('Nobody is protected yet').count(), 0);
    content(page);
  } finally {
    kpn.stop();
    await world.stop();
  }
});

test('who logs in at a provider comes back with what it gave', async () => {
  const world = await real();
  try {
    const page = await guest(browser);
    await setUp(page, world);
    const stranger = await guest(browser);
    let sent;
    // The provider and the API's part with it; the API's own tests have the rest.
    await stranger.route('**/v1/login/oidc', (route) => {
      if (route.request().method() === 'GET') return route.fulfill({ json: { issuer: 'https://id.provider.example/realm' } });
      sent = route.request().postDataJSON();
      return route.fulfill({ status: 401, json: { request_id: 'r1', code: 'wrong_login', message: 'no', hint: 'again' } });
    });
    await stranger.route('**/v1/login/oidc/begin', (route) => route.fulfill({ json: { ceremony: 'c-1', url: 'https://id.provider.example/authorize?state=s-1' } }));
    await stranger.route('https://id.provider.example/**', (route) => route.fulfill({ contentType: 'text/html', body: `<script>location.replace('${world.url}/oidc?code=k-1&state=s-1&iss=https%3A%2F%2Fid.provider.example%2Frealm')</script>` }));
    await stranger.goto(world.url);
    const button = stranger.getByRole('button', { name: 'Log in at id.provider.example' });
    await button.waitFor();
    await shot(stranger, 'enter-provider');
    assert.deepEqual(await barriers(stranger), []);
    await button.click();
    await stranger.getByText('That is not right').waitFor();
    assert.deepEqual(sent, { ceremony: 'c-1', code: 'k-1', state: 's-1', iss: 'https://id.provider.example/realm' });
    assert.equal(new URL(stranger.url()).search, '');
    // An answer nobody here asked for is not passed on.
    sent = undefined;
    await stranger.goto(`${world.url}/oidc?code=k-2&state=s-2`);
    await stranger.getByText('This login was begun elsewhere, or too long ago').waitFor();
    assert.equal(sent, undefined);
    content(stranger);
  } finally {
    await world.stop();
  }
});
