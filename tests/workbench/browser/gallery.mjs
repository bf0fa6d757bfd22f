import { chromium } from "../../report/browser/node_modules/playwright-core/index.mjs";
const [, , opener, out, round, only] = process.argv;
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, locale: "zh-CN" });
const page = await context.newPage();
page.on("pageerror", (e) => console.log("ERR", e.message));
page.on("console", (m) => { if (m.type() === "error") console.log("CON", m.text()); });
await page.goto("file://" + opener);
await page.waitForFunction(() => document.documentElement?.dataset.ready, null, { timeout: 60000 });
console.log("opened");
if (await page.$("#new-name")) { await page.screenshot({ path: out + "/rounds-zh.png" }); await page.click(`[data-round="${round}"]`); }
await page.waitForSelector("#solve, #mode", { timeout: 60000 });
for (const lang of ["zh", "en"]) {
  if ((await page.evaluate(() => document.documentElement.lang)) !== lang) { await page.click("#lang"); await page.waitForTimeout(2500); }
  for (const [size, w, h] of [["", 1366, 768], ["-200", 683, 384]]) {
    await page.setViewportSize({ width: w, height: h });
    for (const view of (only ? only.split(",") : ["decide", "files", "policy", "compare", "audit", "law"])) {
      await page.click(`[data-view="${view}"]`);
      await page.waitForTimeout(view === "files" ? 7000 : 3000);
      await page.screenshot({ path: `${out}/${view}-${lang}${size}.png` });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      if (wide) console.log("WIDE", view, lang, size);
      if (lang === "zh") { const en = await page.evaluate(() => { const w = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = []; while (w.nextNode()) { const t = w.currentNode.textContent.trim(); if (/[A-Za-z]{4,}/.test(t) && !w.currentNode.parentElement.closest("code,pre,script,noscript,[hidden]")) found.push(t.slice(0, 60)); } return [...new Set(found)].slice(0, 25); }); console.log(view, size, JSON.stringify(en)); }
    }
  }
}
await browser.close();
