// A program to look at, a browser to look with, and what both have in common.
import axe from 'axe-core';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join as inFolder } from 'node:path';
import { chromium } from 'playwright-core';

const root = new URL('../../', import.meta.url).pathname;
const target = process.env.CARGO_TARGET_DIR ?? `${root}target`;
export const SHOTS = process.env.PORTAL_SHOTS ?? new URL('../shots/', import.meta.url).pathname;
export const PASSWORD = 'four words in a row';

/** A program that prints its set-up link, until `stop`. */
export async function start(program, args, options = {}) {
  const child = spawn(`${target}/debug/${program}`, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let said = '';
  const link = await new Promise((resolve, reject) => {
    const hear = (text) => {
      said += text;
      const found = /https?:\/\/\S+\/setup#[\w-]+/.exec(said);
      if (found) resolve(found[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', () => reject(new Error(`${program} is not built: see docs/guides/portal.md`)));
    child.on('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${said}`)));
  });
  return { link, child, url: new URL(link).origin, said: () => said, stop: () => child.kill() };
}

/** A port that is free now. */
export async function port() {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port: free } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return free;
}

/** The made-up world of `crates/portal/examples/showcase`. */
export const showcase = async () => start('examples/showcase', [String(await port())]);

/** The real program without any settings but those of `more`; with a past, the showcase's calls and events are in its data
 * folder, with so many times the calls of ordinary days. */
export async function real({ past = 0, more = '' } = {}) {
  const folder = mkdtempSync(inFolder(tmpdir(), 'portal-'));
  const data = inFolder(folder, 'data');
  const [sip, web] = [await port(), await port()];
  if (past) {
    mkdirSync(data, { mode: 0o700 });
    execFileSync(`${target}/debug/examples/showcase`, ['write', data, String(past)]);
  }
  const config = inFolder(folder, 'ringfence.toml');
  writeFileSync(config, `data = "${data}"\n[[listen]]\nudp = "127.0.0.1:${sip}"\n[api]\nlisten = "127.0.0.1:${web}"\n${more}`);
  const world = await start('ringfence', ['serve', '--config', config]);
  const stop = world.stop;
  const over = new Promise((done) => world.child.once('exit', done));
  return { ...world, sip, stop: () => { stop(); return over.then(() => rmSync(folder, { recursive: true, force: true })); } };
}

/** The six customers of the showcase, set up over the API by whoever is logged in. */
export async function customers(page) {
  const plan = readFileSync(new URL('plan.toml', import.meta.url), 'utf8');
  const done = await ask(page, 'POST', '/v1/settings/apply', { plan });
  assert.equal(done.status, 200, JSON.stringify(done.body));
}

export const open = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

/** A page of its own browser context. Whatever the page complains about ends the test. */
export async function guest(browser, { locale = 'en-GB', width = 1440, height = 900, dark = false, ...more } = {}) {
  const context = await browser.newContext({ locale, timezoneId: 'Europe/Amsterdam', viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', ...more });
  if (process.env.PORTAL_FRESH) await fresh(context);
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (line) => {
    // What the server refuses is told to the person; the browser tells it once more.
    if (line.type() === 'error' && !/Failed to load resource/.test(line.text())) page.complaints.push(line.text());
  });
  return page;
}

/** The pages as they were last built, not as the program holds them, under its policy: for working on them without building it. */
async function fresh(context) {
  const dist = new URL('../dist', import.meta.url).pathname;
  const [, policy] = /const POLICY: &str = "([^"]*)"/.exec(readFileSync(`${root}crates/portal/src/lib.rs`, 'utf8'));
  const headers = { 'content-security-policy': policy.replace(/\\\n\s*/g, '') };
  await context.route(/^http:\/\/localhost:\d+\/(?!v1\/)/, (route) => {
    const { pathname } = new URL(route.request().url());
    return route.fulfill({ headers, path: /\.\w+$/.test(pathname) ? dist + pathname : `${dist}/index.html` });
  });
}

export const content = (page) => assert.deepEqual(page.complaints, []);

/** A browser with a fingerprint reader that always says yes. */
export async function withReader(page) {
  const tools = await page.context().newCDPSession(page);
  await tools.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true };
  await tools.send('WebAuthn.addVirtualAuthenticator', { options });
}

/** What an authenticator app shows now (RFC 6238). */
export function code(secret, at = Date.now()) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret.replace(/[\s=]/g, '')].map((c) => alphabet.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const hash = createHmac('sha1', key).update(step).digest();
  const from = hash[19] & 15;
  return String((hash.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Asks the API as the page would. */
export const ask = (page, method, path, body) =>
  page.evaluate(
    async ([method, path, body]) => {
      const answer = await fetch(path, { method, headers: { 'x-ringfence': '1', 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
      const text = await answer.text();
      return { status: answer.status, body: text ? JSON.parse(text) : null };
    },
    [method, path, body],
  );

/** Adds an authenticator to whoever has a password only, and opens the overview. */
async function enrol(page) {
  const { body: made } = await ask(page, 'POST', '/v1/me/totp/begin', {});
  const done = await ask(page, 'POST', '/v1/me/totp', { ceremony: made.ceremony, code: code(made.secret) });
  assert.equal(done.status, 200, JSON.stringify(done.body));
}

/** Sets the first person up without looking at the pages for it. */
export async function setUp(page, world) {
  await page.goto(`${world.url}/robots.txt`);
  const person = { token: new URL(world.link).hash.slice(1), login: 'root', name: 'Sanne de Wit', password: PASSWORD };
  const done = await ask(page, 'POST', '/v1/setup', person);
  assert.equal(done.status, 200, JSON.stringify(done.body));
  await enrol(page);
}

/** Makes a colleague, invited by `root`'s page, and logs `page` in as them. */
export async function join(root, page, world, login, name, grants) {
  const made = await ask(root, 'POST', '/v1/users', { login, name, grants });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  await page.goto(`${world.url}/robots.txt`);
  const token = new URL(made.body.done.invitation).hash.slice(1);
  const taken = await ask(page, 'POST', '/v1/invitation', { token, password: PASSWORD });
  assert.equal(taken.status, 200, JSON.stringify(taken.body));
  if (taken.body.next === 'enrol') await enrol(page);
}

/** What keeps somebody from using the page without seeing it, as far as a program can tell. */
export async function barriers(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  const told = found.violations.map((one) => `${one.id}: ${one.help}\n${one.nodes.map((node) => `   ${node.html.slice(0, 200)} ${node.any.map((any) => any.message).join(' ').slice(0, 200)}`).join('\n')}`);
  return told.map((line) => `${new URL(page.url()).pathname}: ${line}`);
}

export async function shot(page, name, fullPage = false) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage });
}
