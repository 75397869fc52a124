// Who is told and who is asked, over the real program: contacts and their mail, receivers, calls to approve, PBXs that ask.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { ask, barriers, content, guest, join, open, port, real, setUp, shot } from './world.mjs';
import { call, carrier } from './sip.mjs';
import { mailServer } from './smtp.mjs';

let world;
let browser;
let page;
let mail;
let kpn;
let adviser;
const PBX = '127.0.0.26';
before(async () => {
  [mail, kpn, adviser, browser] = await Promise.all([mailServer(), carrier('127.0.0.31'), port(), open()]);
  world = await real({ more: `${mail.settings}[adviser]\nlisten = "127.0.0.1:${adviser}"\n[notices]\ninside = ["127.0.0.0/8"]\n` });
  page = await guest(browser, { permissions: ['clipboard-read', 'clipboard-write'] });
  await setUp(page, world);
  const plan = `
[[tenant]]
id = "garage-west"
country = "NL"
numbers = ["+31 30 123 45"]
mode = "enforce"
policy = { classes = [{ class = "international", allow = false }] }
[[trunk]]
id = "west-pbx"
tenant = "garage-west"
side = "pbx"
address = "${PBX}"
[[trunk]]
id = "west-kpn"
tenant = "garage-west"
side = "carrier"
target = "${kpn.target}"
`;
  const done = await ask(page, 'POST', '/v1/settings/apply', { plan });
  assert.equal(done.status, 200, JSON.stringify(done.body));
});
after(async () => {
  await browser?.close();
  await world?.stop();
  mail?.stop();
  kpn?.stop();
});

const tab = (name) => page.goto(`${world.url}/customers/garage-west?tab=${name}`);
const dialog = () => page.getByRole('dialog').last();
const save = () => dialog().getByRole('button', { name: 'Save', exact: true }).click();
const names = () => page.locator('main table tbody td.lead').allTextContents();
async function until(what, is) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await is()) return;
    await page.waitForTimeout(150);
  }
  assert.fail(what);
}

test('contacts are made, ordered, tried and removed, and the plan follows', async () => {
  await tab('contacts');
  await page.getByText('Nobody is told yet').waitFor();
  await page.getByText('There is no plan yet').waitFor();
  await page.getByRole('button', { name: 'New contact' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Anna de Vries');
  await page.getByLabel('Short name').fill('anna');
  await page.getByLabel('Language').last().selectOption('nl');
  await page.getByLabel('Mail', { exact: true }).fill('anna@west.example');
  await page.getByLabel('Telephone').fill('+31 6 1234 5678');
  await page.getByLabel('May approve').fill('50');
  await page.getByLabel('From', { exact: true }).fill('22:00');
  await page.getByLabel('Until', { exact: true }).fill('07:00');
  assert.deepEqual(await barriers(page), []);
  await shot(page, 'told-contact');
  await save();
  await page.getByText('Contact saved').waitFor();
  await page.getByRole('row', { name: /Anna de Vries.*anna@west\.example.*€50\.00.*22:00–07:00/ }).waitFor();
  await page.getByText('Call Anna de Vries, +31 6 1234 5678').waitFor();
  await page.getByRole('button', { name: 'New contact' }).click();
  await page.getByLabel('Short name').fill('bob');
  await page.getByLabel('Telephone').fill('030 765 4321');
  await save();
  await page.getByText('Call bob, 030 765 4321').waitFor();
  // Who is called first is moved, and the plan says so.
  assert.deepEqual(await names(), ['Anna de Vriesanna', 'bob']);
  await page.getByRole('button', { name: 'Earlier: bob' }).click();
  await page.getByText('Order saved').waitFor();
  await page.getByRole('listitem').filter({ hasText: 'Call bob' }).first().waitFor();
  await until('bob is first', async () => (await names())[0] === 'bob');
  assert.match((await page.locator('ol li').allTextContents()).join('|'), /^Call bob.*\|Call Anna/);
  await page.getByRole('button', { name: 'Change: Incident plan' }).click();
  await page.getByLabel('What is done at once').fill('Pull the plug of the PBX, in the cupboard\nWrite down the time\n');
  await page.getByLabel('Overview by mail').selectOption('daily');
  assert.deepEqual(await barriers(page), []);
  await save();
  await page.getByText('Pull the plug of the PBX, in the cupboard').waitFor();
  await page.getByText('Overview by mail: Each morning').waitFor();
  const { body } = await ask(page, 'GET', '/v1/tenants/garage-west/incident-plan');
  assert.deepEqual(body.steps, ['Pull the plug of the PBX, in the cupboard', 'Write down the time', 'Call bob, 030 765 4321', 'Call Anna de Vries, +31 6 1234 5678']);
  assert.deepEqual(await barriers(page), []);
  await shot(page, 'told-contacts', true);
  // A wrong address is refused with what to do, and nothing is lost of what was typed.
  await page.getByRole('button', { name: 'Change: bob' }).click();
  await page.getByLabel('Telephone').fill('call me');
  await save();
  await page.getByRole('alert').getByText(/is no number/).waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await dialog().getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('row', { name: /bob/ }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await page.getByRole('row', { name: /bob/ }).waitFor();
  content(page);
});

test('a trial message arrives, and its page says so', async () => {
  await tab('contacts');
  await page.getByRole('button', { name: 'Send a trial: Anna de Vries' }).click();
  await page.getByText('A trial message is on its way').waitFor();
  await until('the mail arrives', () => mail.letters.some((letter) => /To: .*anna@west\.example/.test(letter)));
  // Who has no mail cannot be written to.
  assert.equal(await page.getByRole('button', { name: 'Send a trial: bob' }).count(), 0);
  await page.getByRole('link', { name: 'What was sent' }).click();
  await page.getByRole('heading', { name: 'Messages', level: 1 }).waitFor();
  await page.getByRole('row', { name: /anna.*Trial message.*Sent/ }).waitFor();
  assert.match(page.url(), /tenant=garage-west/);
  await page.getByLabel('State').selectOption('given_up');
  await page.getByText('Nothing matches these filters').waitFor();
  content(page);
});

test('a program is told, and can tell that it was us', async () => {
  const heard = [];
  const hook = createServer((request, answer) => {
    let text = '';
    request.on('data', (bytes) => (text += bytes));
    request.on('end', () => {
      heard.push({ text, signature: request.headers['x-ringfence-signature'] });
      answer.end();
    });
  }).listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => hook.once('listening', resolve));
    await tab('receivers');
    await page.getByText('No program is told').waitFor();
    await page.getByRole('button', { name: 'New receiver' }).click();
    await page.getByLabel('Name', { exact: true }).fill('tickets');
    await page.getByLabel('Its address').fill(`http://127.0.0.1:${hook.address().port}/ringfence`);
    await page.getByRole('button', { name: 'Make one' }).click();
    const secret = await page.getByLabel('Secret', { exact: true }).inputValue();
    assert.equal(secret.length, 20);
    await page.getByRole('checkbox', { name: 'An overview' }).uncheck();
    assert.deepEqual(await barriers(page), []);
    await shot(page, 'told-receiver');
    await save();
    await page.getByText('Receiver saved').waitFor();
    // What is not typed again stays.
    await page.getByRole('button', { name: 'Change: tickets' }).click();
    await page.getByRole('checkbox', { name: 'A limit that is nearly reached' }).uncheck();
    await save();
    await page.getByRole('row', { name: /tickets.*Webhook.*fraud, approvals, second person/ }).waitFor();
    const block = await ask(page, 'POST', '/v1/blocks', { tenant: 'garage-west', extension: '7', level: 'guarded' });
    assert.equal(block.status, 201, JSON.stringify(block.body));
    await until('the program hears of the block', () => heard.some(({ text }) => text.includes('blocked')));
    const { text, signature } = heard.find((one) => one.text.includes('blocked'));
    const { t, v1 } = Object.fromEntries(signature.split(',').map((part) => part.split('=')));
    assert.equal(v1, createHmac('sha256', secret).update(`${t}.${text}`).digest('hex'));
    await page.goto(`${world.url}/notices?tenant=garage-west`);
    await page.getByRole('row', { name: /tickets.*Block.*Sent/ }).waitFor();
    await page.getByRole('link', { name: 'tickets' }).first().click();
    await page.getByRole('button', { name: 'Change: tickets' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await dialog().getByRole('button', { name: 'Remove' }).click();
    await page.getByText('No program is told').waitFor();
    content(page);
  } finally {
    hook.close();
  }
});

test('a refused call is approved, and then it passes; another is blocked', async () => {
  await tab('policy');
  await page.getByRole('checkbox', { name: 'Refused calls may be approved' }).check();
  await page.getByRole('button', { name: 'Put in force' }).click();
  await dialog().getByRole('button', { name: 'Put in force' }).click();
  await page.getByText('Saved and in force').waitFor();
  await page.goto(`${world.url}/held`);
  await page.getByText('No call waits for an answer').waitFor();
  await page.goto(world.url);
  await page.getByText('Open cases').first().waitFor();
  assert.equal(await page.getByText(/waits for an answer/).count(), 0);
  assert.equal(await call(PBX, world.sip, '004915112345678'), 486);
  await page.getByRole('link', { name: /1 call waits for an answer/ }).click();
  const answer = page.getByRole('button', { name: /^Answer: garage-west.*\+4915112345678/ });
  await page.getByRole('row', { name: /\+4915112345678.*Germany.*Waiting/ }).waitFor();
  await answer.click();
  await page.getByRole('dialog').getByText('May +4915112345678 be called?').waitFor();
  assert.deepEqual(await barriers(page), []);
  await shot(page, 'told-answer');
  await page.getByLabel('At most spent under it').fill('9999');
  await dialog().getByRole('button', { name: 'Approve' }).click();
  await page.getByRole('alert').getByText(/may be approved alone/).waitFor();
  await page.getByLabel('At most spent under it').fill('10');
  await page.getByLabel('Why (for the audit log)').fill('the supplier');
  await dialog().getByRole('button', { name: 'Approve' }).click();
  await page.getByText('The number may be called today').waitFor();
  await page.getByText('No call waits for an answer').waitFor();
  assert.equal(await call(PBX, world.sip, '004915112345678'), 200);
  await page.getByRole('link', { name: 'All', exact: true }).click();
  await page.getByRole('row', { name: /\+4915112345678.*This number, today.*by root/ }).waitFor();
  const { body: log } = await ask(page, 'GET', '/v1/audit?limit=5');
  assert.ok(log.items.some((row) => row.what === 'approval.answer' && row.why === 'the supplier'));

  assert.equal(await call(PBX, world.sip, '005352631188'), 486);
  await page.goto(`${world.url}/held`);
  await page.getByRole('button', { name: /^Answer: .*\+5352631188/ }).click();
  await page.getByRole('radio', { name: /No, and block who called/ }).check();
  assert.equal(await page.getByLabel('At most spent under it').count(), 0);
  await dialog().getByRole('button', { name: 'Refuse and block' }).click();
  await page.getByText('Refused, and blocked').waitFor();
  await page.goto(`${world.url}/blocks`);
  await page.getByRole('row', { name: /garage-west.*National.*root/ }).first().waitFor();
  content(page);
});

test('who may not unblock has no answer to give, and who sees another customer sees none of it', async () => {
  const reader = await guest(browser);
  await join(page, reader, world, 'audrey', 'Audrey Kok', [{ role: 'auditor', reach: { tenant: 'garage-west' } }]);
  assert.equal(await call(PBX, world.sip, '003212345678', '202'), 486);
  await reader.goto(`${world.url}/held`);
  await reader.getByRole('row', { name: /\+3212345678.*Waiting/ }).waitFor();
  assert.equal(await reader.getByRole('button', { name: /^Answer/ }).count(), 0);
  await reader.goto(`${world.url}/customers/garage-west?tab=contacts`);
  await reader.getByRole('row', { name: /Anna de Vries/ }).waitFor();
  assert.equal(await reader.getByRole('button', { name: /New|Change|trial|Earlier|Later/ }).count(), 0);
  content(reader);
  const made = await ask(page, 'POST', '/v1/tenants', { id: 'elders', settings: { country: 'NL' } });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const other = await guest(browser);
  await join(page, other, world, 'otto', 'Otto Vos', [{ role: 'operator', reach: { tenant: 'elders' } }]);
  for (const [path, words] of [['/held', 'No call waits'], ['/notices', 'Nobody was told'], ['/integrations', 'No PBX asks here']]) {
    await other.goto(world.url + path);
    await other.getByText(words).waitFor();
  }
  content(other);
});

test('a PBX that asks is set up with text and key, and its question is answered', async () => {
  await page.goto(`${world.url}/integrations`);
  await page.getByText('No PBX asks here').waitFor();
  await page.getByRole('link', { name: 'To the customers' }).click();
  await tab('trunks');
  await page.getByRole('button', { name: 'New trunk' }).click();
  await page.getByLabel('Name', { exact: true }).fill('west-asterisk');
  await page.getByRole('checkbox', { name: /It only asks/ }).check();
  await page.getByRole('checkbox', { name: /It tells of answer and end/ }).check();
  await page.getByLabel('How its calls are ended').selectOption('asterisk');
  await page.getByLabel('Its address and port').fill('127.0.0.1:5038');
  await dialog().getByLabel('User').last().fill('ringfence');
  await dialog().getByLabel('Password').last().fill('manager');
  assert.deepEqual(await barriers(page), []);
  await shot(page, 'told-asking', true);
  await save();
  await page.getByText('Trunk saved').waitFor();
  const { body } = await ask(page, 'GET', '/v1/trunks/west-asterisk');
  assert.deepEqual([body.settings.adviser, body.settings.control], [{ tells: true }, { kind: 'asterisk', address: '127.0.0.1:5038', user: 'ringfence', password: { kept: true } }]);
  await page.goto(`${world.url}/integrations`);
  await page.getByRole('row', { name: /west-asterisk.*garage-west.*over HTTP.*manager interface/ }).waitFor();
  await page.getByRole('link', { name: 'west-asterisk', exact: true }).click();
  const text = page.getByRole('group', { name: 'What to put into it' });
  await text.getByText('extensions.conf').waitFor();
  assert.match(await text.textContent(), /trunk=west-asterisk.*RINGFENCE_KEY|RINGFENCE_KEY[^]*trunk=west-asterisk/);
  await page.getByRole('button', { name: 'Make a key and put it in' }).click();
  await page.getByLabel('Only from networks').fill('127.0.0.0/8');
  assert.deepEqual(await barriers(page), []);
  await dialog().getByRole('button', { name: 'New key' }).click();
  await page.getByText('The key is in the text').waitFor();
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByText('Copied').waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(!copied.includes('RINGFENCE_KEY'));
  const key = /X-API-Key: (\S+)\)/.exec(copied)[1];
  const { body: keys } = await ask(page, 'GET', '/v1/keys');
  assert.deepEqual(keys.items.map((one) => [one.name, one.tenant, one.permissions]), [['PBX west-asterisk', 'garage-west', ['decide']]]);
  const asked = await fetch(`http://127.0.0.1:${adviser}/v1/decide.txt?trunk=west-asterisk&call_id=try-1&from=205&to=0201234567`, { headers: { 'x-api-key': key } });
  assert.match(await asked.text(), /^allow /);
  await page.getByLabel('What is it?').selectOption('3cx');
  await page.waitForURL(/platform=3cx/);
  await until('the text is that of 3CX', async () => /3CX/.test(await text.textContent()));
  assert.equal(await page.getByRole('button', { name: 'Make a key and put it in' }).count(), 0);
  content(page);
});
