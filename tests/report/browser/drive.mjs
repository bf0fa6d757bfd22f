// node drive.mjs PAGE FOLDER [PLAN_FOLDER]: drives the map page and prints what it saw as one JSON line.
import { chromium } from "playwright-core";
import { existsSync } from "fs";
import { join } from "path";
const [, , file, out, planFolder] = process.argv;
const executablePath = process.env.CHROMIUM || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
const seen = { requests: [], errors: [], dialogs: 0 };
page.on("request", (r) => { if (!r.url().startsWith("file://" + file) && !/^(data|blob):/.test(r.url())) seen.requests.push(r.url()); });
page.on("pageerror", (e) => seen.errors.push(e.message));
page.on("console", (m) => { if (m.type() === "error") seen.errors.push(m.text()); });
page.on("dialog", (d) => { seen.dialogs++; d.dismiss(); });
const text = (selector) => page.$eval(selector, (e) => e.innerText);
const rows = () => page.$$eval("#list button", (all) => all.map((b) => b.innerText));
const settle = () => page.waitForTimeout(200);
await page.goto("file://" + file);
await page.waitForFunction(() => document.documentElement.dataset.ready, null, { timeout: 60000 });
seen.ready_ms = Number(await page.evaluate(() => document.documentElement.dataset.ready));
seen.title = await page.title();
seen.lang = await page.evaluate(() => document.documentElement.lang);
seen.count = await text("#count");
seen.crs = await text("#crs");
seen.scale = await text(".leaflet-control-scale");
seen.whole = await text("#text");
seen.legend = await text("#legend");
seen.rows = await rows();
await page.screenshot({ path: join(out, "plan.png") });

// a click in the middle of the map picks what is under it, and the page says why
const at = await page.evaluate(() => { const b = document.getElementById("map").getBoundingClientRect(); return { x: b.x, y: b.y, w: b.width, h: b.height }; });
seen.clicked = null;
for (const [fx, fy] of [[0.5, 0.5], [0.45, 0.52], [0.55, 0.48], [0.4, 0.45], [0.6, 0.55], [0.5, 0.4]]) {
  await page.mouse.click(at.x + at.w * fx, at.y + at.h * fy);
  await settle();
  seen.clicked = await page.evaluate(() => (document.querySelector("#list [aria-current]") ? document.querySelector("#text h2").innerText : null));
  if (seen.clicked) break;
}
await page.click("#list li:first-child button");
await settle();
seen.parcel = await text("#text");
await page.screenshot({ path: join(out, "parcel.png") });

// keyboard: down the list and into the text
await page.focus("#list li:first-child button");
await page.keyboard.press("ArrowDown");
await page.keyboard.press("Enter");
await settle();
seen.keyboard = await text("#text h2");
await page.focus("#whole"); await page.keyboard.press("Enter");

// filters
await page.click('[data-view="held"]'); seen.held = await text("#count");
await page.click('[data-view="supplied"]'); seen.supplied = await text("#count");
await page.click('[data-view="all"]');
await page.click("#legend li:first-child button"); seen.without_first = await text("#count");
await page.click("#legend li:first-child button");
seen.filters = {};
for (const id of ["f-district", "f-use", "f-platform", "f-rule", "f-verdict"]) {
  const values = await page.$$eval(`#${id} option`, (all) => all.map((o) => o.value));
  if (values.length < 2) { seen.filters[id] = null; continue; }
  await page.selectOption(`#${id}`, values[1]);
  seen.filters[id] = await text("#count");
  await page.click("#clear");
}
await page.fill("#find", seen.rows[2].split(/\s/)[0]);
await settle();
seen.found = await rows();
await page.click("#clear");
seen.words = {};
for (const word of ["挂牌", "科研"]) { await page.fill("#find", word); await settle(); seen.words[word] = await text("#count"); }
await page.click("#clear");

// what is to be seen of the methods' colours on the whole map
seen.coloured = await page.evaluate(() => {
  const canvas = document.querySelector("canvas.leaflet-zoom-animated, .leaflet-overlay-pane canvas"), at = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let count = 0;
  for (let i = 0; i < at.length; i += 4) if (at[i + 3] > 128 && Math.max(at[i], at[i + 1], at[i + 2]) - Math.min(at[i], at[i + 1], at[i + 2]) > 60) count++;
  return count;
});

// the slider of a programme: what is supplied by the end of each period
seen.periods = [];
if (await page.isVisible("#time")) {
  await page.focus("#f-period");
  for (let n = 1; n <= Number(await page.getAttribute("#f-period", "max")); n++) {
    await page.keyboard.press("ArrowRight"); await settle();
    seen.periods.push([await text("#period"), await text("#count")]);
    await page.screenshot({ path: join(out, `period-${n}.png`) });
  }
  await page.click("#clear");
  seen.periods.push([await text("#period"), await text("#count")]);
}

// the other language
const pointed = () => page.$$eval("title[data-en]", (all) => all.map((e) => e.textContent));
seen.pointed = await pointed();
await page.click("#lang"); await settle();
seen.other = { lang: await page.evaluate(() => document.documentElement.lang), whole: await text("#text"), legend: await text("#legend"), pointed: await pointed() };
await page.screenshot({ path: join(out, "other.png") });
await page.click("#lang");

// platforms, charts
await page.click("#tab-platforms"); await page.click('[data-served="unserved"]');
seen.unserved = await page.$$eval("#platforms button", (all) => all.length);
if (seen.unserved) { await page.click("#platforms li:first-child button"); seen.unserved_text = await text("#text"); }
await page.click("#tab-charts"); seen.charts = await page.$$eval("#pane-charts svg", (all) => all.length);
await page.screenshot({ path: join(out, "charts.png") });
await page.click("#tab-parcels"); await page.click("#whole");

// compare
if (await page.$("#compare")) {
  await page.click("#compare"); await settle();
  seen.compare = await text("#text");
  await page.screenshot({ path: join(out, "compare.png") });
  await page.click("#compare");
}

// zoomed far out a click does not pick but zooms in
for (let i = 0; i < 14 && !(await page.$(".leaflet-control-zoom-out.leaflet-disabled")); i++) await page.click(".leaflet-control-zoom-out");
await settle();
const before = await page.$eval(".leaflet-control-scale", (e) => e.innerText);
await page.mouse.click(at.x + at.w * 0.5, at.y + at.h * 0.5); await settle();
seen.tiny = { before, after: await text(".leaflet-control-scale"), picked: await page.evaluate(() => Boolean(document.querySelector("#list [aria-current]"))) };
await page.click("#whole");

// verify
await page.click("#verify");
if (await page.$("#verify-here")) await page.click("#verify-here");
else if (planFolder) await page.setInputFiles("#files", ["plan.json", "case.json", "offers.jsonl.gz", "proof.json"].map((name) => join(planFolder, name)));
if (planFolder || (await page.$("#verify-here"))) {
  await page.waitForFunction(() => /yes|no/.test(document.getElementById("verdict").className), null, { timeout: 60000 });
  seen.verdict = { state: await page.$eval("#verdict", (e) => e.className), text: await text("#verdict") };
}
await page.click("#verify-close");

// print
await page.emulateMedia({ media: "print" }); await settle();
seen.print = await page.evaluate(() => Object.fromEntries(["nav", "#side", "#key", "#map", "#crs", "#text"].map((s) => [s, getComputedStyle(document.querySelector(s)).display !== "none"])));
await page.pdf({ path: join(out, "print.pdf"), preferCSSPageSize: true, printBackground: true });
seen.scripts = await page.$$eval("script", (all) => all.filter((s) => !s.type).length);
seen.handlers = await page.evaluate(() => [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) => a.name.startsWith("on"))).length);
process.stdout.write(JSON.stringify(seen) + "\n");
await browser.close();
