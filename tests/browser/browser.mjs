// Headless Chromium, Debian's, driven by playwright-core.
import {existsSync} from 'node:fs';
import {createRequire} from 'node:module';

const {chromium} = createRequire(import.meta.url)(process.env.QUOIN_PLAYWRIGHT);
const PROGRAMS = ['/usr/bin/chromium', '/usr/lib/chromium/chromium'];
// For conditions that a busy machine may be slow to meet; nothing waits for time to pass.
const PATIENCE_MS = 60_000;

// A browser that ends with the test.
export async function launch(t) {
  const executablePath = PROGRAMS.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('Chromium is not there: apt-get install chromium');
  const browser = await chromium.launch({
    executablePath,
    timeout: PATIENCE_MS,
    // Its sandbox needs rights that containers lack; it only loads pages of our own node. Shared memory may be small.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run'],
  });
  t.after(() => browser.close());
  return browser;
}

// A page in a profile of its own. `complaints`: what it complains about, a policy that blocks something above all.
export async function openPage(t, browser, url, options = {}) {
  const context = await browser.newContext({viewport: {width: 900, height: 1000}, ...options});
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.complaints.push(message.text());
  });
  await page.goto(url);
  return page;
}

// For looking at: --test_env=QUOIN_SCREENSHOTS=<folder>.
export async function screenshot(page, name) {
  const folder = process.env.QUOIN_SCREENSHOTS;
  if (folder) await page.screenshot({path: `${folder}/${name}.png`, fullPage: true});
}
