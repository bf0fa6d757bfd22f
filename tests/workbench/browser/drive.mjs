// node drive.mjs OPENER STORY OUT [VALUES]: opens the workbench as a person does and plays a story; prints what it saw as a line of JSON.
import { chromium } from "../../report/browser/node_modules/playwright-core/index.mjs";
import { existsSync } from "fs";
import { join } from "path";
import { stories } from "./stories.mjs";

const [, , opener, story, out, values] = process.argv;
const executablePath = process.env.CHROMIUM || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "zh-CN" });
const seen = { requests: [], errors: [], outside: [] };
export const watch = (page) => {
  page.on("request", (r) => { const u = new URL(r.url()); seen.requests.push(u.pathname); if (!["127.0.0.1", ""].includes(u.hostname) && !/^(data|blob):/.test(r.url())) seen.outside.push(r.url()); if (u.search) seen.outside.push(r.url()); });
  page.on("pageerror", (e) => seen.errors.push(e.message));
  page.on("console", (m) => { if (m.type() === "error" && !/status of 4\d\d/.test(m.text())) seen.errors.push(m.text()); });
};
const page = await context.newPage();
watch(page);
const begun = Date.now();
await page.goto("file://" + opener);
await page.waitForFunction(() => document.documentElement?.dataset.ready, null, { timeout: 60000 });
seen.opened_ms = Date.now() - begun;
const tools = {
  page, context, watch, seen, values: values ? JSON.parse(values) : {},
  shot: (name) => page.screenshot({ path: join(out, name + ".png") }),
  text: (selector) => page.locator(selector).first().innerText(),
  drawn: async (what) => { const before = await page.evaluate(() => document.documentElement.dataset.drawn); await what(); await page.waitForFunction((b) => document.documentElement.dataset.drawn !== b, before, { timeout: 60000 }); },
  settle: (ms = 250) => page.waitForTimeout(ms),
  solved: async () => { await page.waitForSelector("#solve", { timeout: 120000 }); await page.waitForSelector("#bound", { timeout: 60000 }); },
};
try {
  await stories[story](tools);
} catch (e) {
  await page.screenshot({ path: join(out, "failed.png") }).catch(() => {});
  process.stderr.write(`${story}: ${e.stack}\n${JSON.stringify(seen.errors)}\n`);
  process.exitCode = 1;
}
seen.storage = await context.pages().at(-1).evaluate(() => ({ session: Object.keys(sessionStorage), local: Object.keys(localStorage), cookie: document.cookie, hash: location.hash }));
console.log(JSON.stringify(seen));
await browser.close();
