// node tests/look.mjs PATH... : pictures of pages of the real program with a past. Not a test.
import { real, customers, open, guest, setUp, shot, ask, barriers } from './world.mjs';
const world = await real({ past: 1 });
const browser = await open();
try {
  const opts = JSON.parse(process.env.OPTS ?? '{}');
  const page = await guest(browser, opts);
  await setUp(page, world);
  await customers(page);
  for (const path of process.argv.slice(2)) {
    await page.goto(world.url + path); await page.locator('h1').waitFor(); await page.waitForTimeout(900);
    await shot(page, 'look' + path.replace(/[^\w-]+/g, '_') + (opts.width ?? '') + (opts.dark ? 'dark' : ''), true);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    console.log(path, over > 0 ? `TOO WIDE ${over}` : '', await barriers(page));
  }
  console.log(page.complaints);
} finally { await browser.close(); await world.stop(); }
