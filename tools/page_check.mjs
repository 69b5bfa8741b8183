// Opens a page of Remedy in a browser, without a network, and checks it:
//
//   NODE_PATH=…/node_modules node tools/page_check.mjs FILE.html [OUT_DIR]
//
// In light and dark, 1280 and 390 px wide, as it opens and with all unfolded: no error on the console, no request, no text
// wider than the window, and no violation of accessibility that axe-core calls serious or critical. It ends with 1 if there is
// one. With OUT_DIR, screenshots and a print are written there. The folder of NODE_PATH has playwright-core and axe-core;
// CHROMIUM names the browser, /usr/bin/chromium without.
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = (process.env.NODE_PATH ?? "").split(":").find(Boolean);
const [file, out] = process.argv.slice(2);
if (!file || !modules) {
  console.error("usage: NODE_PATH=…/node_modules node tools/page_check.mjs FILE.html [OUT_DIR]");
  process.exit(2);
}
const require = createRequire(join(resolve(modules), "of-page-check.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const url = pathToFileURL(resolve(file)).href;
const name = basename(file, ".html");
const problems = [];
const passes = [];
if (out) mkdirSync(out, { recursive: true });

const flags = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: flags.split(" "),
});

// The CSP of the page stays in force: axe comes in by the debugger, as no script of the page's.
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const told = (text) => problems.push(`${options.label}: ${text}`);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && told(`console: ${message.text()}`));
  page.on("pageerror", (error) => told(`error: ${error.message}`));
  page.on("request", (request) => request.url() !== url && told(`request: ${request.url()}`));
  const begin = performance.now();
  await page.goto(url, { waitUntil: "load" });
  return { page, context, told, opened: performance.now() - begin };
}

async function accessible(page, told, label) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  for (const { id, impact, nodes } of result.violations) {
    const text = `axe, ${impact}: ${id} at ${nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ")}`;
    if (["serious", "critical"].includes(impact)) told(text);
    else console.log(`note, ${label}: ${text}`);
  }
  passes.push(`${label}: axe-core ${result.violations.length} violations`);
}

const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
// A page of thousands of resources is only opened: axe-core and pictures would take minutes.
const isSmall = statSync(file).size < 600_000;

for (const width of [1280, 390]) {
  for (const colorScheme of ["light", "dark"]) {
    const label = `${width} ${colorScheme}`;
    const { page, context, told, opened } = await open({ viewport: { width, height: 900 }, colorScheme, label });
    passes.push(`${label}: opened in ${Math.round(opened)} ms`);
    if (out) await page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}.png`), fullPage: isSmall });
    if ((await wide(page)) > 0) told("wider than the window");
    if (isSmall) await accessible(page, told, label);
    await page.evaluate(() => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
    if ((await wide(page)) > 0) told("unfolded: wider than the window");
    if (isSmall) await accessible(page, told, `${label}, unfolded`);
    if (out) await page.screenshot({ path: join(out, `${name}-${width}-${colorScheme}-unfolded.png`), fullPage: isSmall });
    await context.close();
  }
}

// What the script does: it sorts, filters, and opens the target of a link.
{
  const { page, context, told } = await open({ viewport: { width: 1280, height: 900 }, label: "script" });
  const link = page.locator("#res tbody a").last();
  if (await link.count()) {
    const target = (await link.getAttribute("href")).slice(1);
    await link.click();
    if (!(await page.evaluate((id) => document.getElementById(id).open, target))) told("a link did not open its finding");
    await page.locator("#res thead button").first().click();
    if ((await page.locator("#res th[aria-sort]").count()) !== 1) told("the table was not sorted");
    await page.locator("form[data-filter] input").fill("no-such-name");
    const said = await page.locator("form[data-filter] output").textContent();
    if (!said.startsWith("0 of ")) told(`the filter says: ${said}`);
    passes.push(`script: link, sort, filter (${said})`);
  }
  await context.close();
}

// Without script, everything is there.
{
  const { page, context, told } = await open({ viewport: { width: 1280, height: 900 }, javaScriptEnabled: false, label: "no script" });
  const dead = await page.locator("form[data-filter]:visible, [data-acts]:visible").count();
  if (dead) told("controls that do nothing are shown");
  passes.push("no script: nothing is shown that does nothing");
  await context.close();
}

if (out) {
  const { page, context } = await open({ viewport: { width: 1280, height: 900 }, label: "print" });
  await page.pdf({ path: join(out, `${name}.pdf`), preferCSSPageSize: true, printBackground: false });
  passes.push(`print: ${join(out, `${name}.pdf`)}`);
  await context.close();
}
await browser.close();

console.log(`${file}: ${statSync(file).size.toLocaleString("en")} bytes`);
passes.forEach((line) => console.log(`ok, ${line}`));
problems.forEach((line) => console.error(`PROBLEM, ${line}`));
process.exit(problems.length ? 1 : 0);
