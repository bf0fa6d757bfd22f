import { readFileSync, writeFileSync } from "fs";
/* What people do at the workbench, each a story; what they saw is checked in test_browser.py. */
const slide = async (page, name, value) => {
  await page.locator(`input[type=range][data-name="${name}"]`).evaluate((e, v) => { e.value = String(v); e.dispatchEvent(new Event("input", { bubbles: true })); }, value);
};
const release = (page, name) => page.locator(`input[type=range][data-name="${name}"]`).evaluate((e) => e.dispatchEvent(new Event("change", { bubbles: true })));
const fill = async (page, values) => {
  await page.waitForSelector("dialog[open]");
  for (const [name, value] of Object.entries(values)) {
    const input = page.locator(`dialog [name=${name}]`);
    if ((await input.evaluate((e) => e.tagName)) === "SELECT") await input.selectOption(value); else await input.fill(value);
  }
  await page.click("dialog .go");
  await page.waitForSelector("dialog", { state: "hidden" });
};
const tab = async (page, scenario) => { await page.click(`[data-scenario="${scenario}"]`); };

/* Tab until an element has the focus, as a person without a pointer does; counts the keys. */
let pressed = 0;
const reach = async (page, selector, most = 400) => {
  for (let n = 0; n < most; n++) {
    if (await page.evaluate((s) => Boolean(document.activeElement?.matches(s)), selector)) return;
    await page.keyboard.press("Tab");
    pressed++;
  }
  throw new Error(`${selector} is not reached by keyboard`);
};
/* A file is named as taken: a person sees that before choosing the next, and a browser still busy with one opens no other. */
const taken = (page, role) => page.waitForFunction((r) => /kB/.test(document.querySelector(`#file-${r}`).closest(".drop").innerText), role, { timeout: 20000 });
/* An option of the list that has the focus, by its arrow keys. */
const pick = async (page, value) => {
  const now = () => page.evaluate(() => document.activeElement.value);
  await page.keyboard.press("Home");
  for (let n = 0; (await now()) !== value; n++) {
    if (n > 200) throw new Error(`no option ${value}`);
    await page.keyboard.press("ArrowDown");
    pressed++;
  }
};

/* What axe-core finds wrong with a view: rule, how grave, where. */
const axe = async (page, where) => {
  await page.evaluate(readFileSync(new URL("../../report/browser/node_modules/axe-core/axe.min.js", import.meta.url), "utf8"));
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.map((v) => `${where}: ${v.id} (${v.impact}) ${v.nodes.slice(0, 3).map((n) => n.target.join(" ")).join(" | ")}`);
};

/* What is on the page and yet out of reach: a control that something else covers, also once it is scrolled to. */
const covered = (page, where) => page.evaluate((name) => {
  const found = [];
  for (const e of document.querySelectorAll("#view button, #view select, #view input:not(.file), #view summary, #top button")) {
    if (e.closest(".leaflet-container") || !e.checkVisibility({ visibilityProperty: true }) || e.disabled) continue;
    e.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
    const at = e.getBoundingClientRect(), top = document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2);
    if (!top || !(e.contains(top) || top.contains(e) && !top.matches("#view, .view, body, html"))) found.push(`${name}: ${e.id || e.dataset.name || e.innerText || e.type} under ${top ? top.tagName + "." + top.className : "nothing"}`);
  }
  document.getElementById("view").scrollTop = 0;
  return found.slice(0, 10);
}, where);

export const stories = {
  /* Every view under axe-core, in both languages; at 1366 x 768 and at twice the size nothing is cut off sideways. */
  async roles({ page, seen, shot, settle, values }) {
    seen.axe = []; seen.wide = []; seen.covered = []; seen.seen = [];
    const look = async (name) => {
      seen.axe.push(...(await axe(page, name)));
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (over > 1) seen.wide.push(`${name}: ${over}`);
      seen.covered.push(...(await covered(page, name)));
      await shot("view-" + name.replaceAll(" ", "-"));
      seen.seen.push(name);
    };
    /* Both languages, one after the other: the view is drawn anew. */
    const twice = async (name) => {
      await look(name + " zh");
      for (const to of ["en", "zh"]) {
        const before = await page.evaluate(() => document.documentElement.dataset.drawn);
        await page.click("#lang");
        await page.waitForFunction(([l, b]) => document.documentElement.lang === l && document.documentElement.dataset.drawn !== b, [to, before], { timeout: 60000 });
        if (to === "en") { await settle(500); await look(name + " en"); }
      }
    };
    await page.waitForSelector("[data-round]");
    await twice("rounds");
    await page.click(`[data-round="${values.round}"]`);
    const there = { decide: "#late, #drop", files: "#files-said", policy: ".rules li", compare: "#front-go", audit: "#verify", law: "#law-go" };
    for (const [view, selector] of Object.entries(there)) {
      await page.click(`[data-view="${view}"]`);
      await page.waitForSelector(selector, { timeout: 90000 });
      await settle(500);
      await twice(view);
    }
    await page.click('[data-view="decide"]');
    await page.waitForSelector("#mode-table");
    await page.click("#mode-table");
    await page.waitForSelector("#table tbody tr");
    await page.click("#table tbody tr");
    await page.waitForSelector("[data-way]", { timeout: 60000 });
    await twice("table and sheet");
    await page.setViewportSize({ width: 683, height: 384 });
    await settle(600);
    await look("at 200 %");
    await page.click("#mode-map");
    for (const [view, selector] of Object.entries(there)) {
      await page.click(`[data-view="${view}"]`);
      await page.waitForSelector(selector, { timeout: 90000 });
      await settle(300);
      await look(view + " at 200 %");
    }
    await page.setViewportSize({ width: 1366, height: 768 });
    seen.pdf = {};
    for (const view of ["decide", "policy", "audit"]) {
      await page.click(`[data-view="${view}"]`);
      await page.waitForSelector(there[view], { timeout: 90000 });
      await settle(400);
      const made = await page.pdf({ format: "A4", printBackground: true });
      writeFileSync(`${values.place}/print-${view}.pdf`, made);
      seen.pdf[view] = made.length;
    }
  },
  /* An officer opens a round, solves it, moves an amount, looks at a parcel, fixes it, takes it back. */
  async officer({ page, seen, shot, text, settle, solved, values }) {
    await page.waitForSelector("[data-round]");
    await shot("rounds");
    await page.click(`[data-round="${values.round}"]`);
    await page.waitForSelector("#solve");
    await settle(600);
    seen.none = await text(".solve");
    await shot("round");
    await page.click("#solve");
    await page.waitForSelector("#stop");
    seen.typed = await text(".solve code");
    await page.waitForFunction(() => /[0-9]/.test(document.getElementById("progress")?.textContent || ""), null, { timeout: 60000 });
    seen.progress = await text("#progress");
    await shot("solving");
    await solved();
    seen.score = await text(".result strong");
    seen.legend = await text("#legend");
    await settle(800);
    await shot("plan");
    const range = page.locator("input[type=range]").first(), name = await range.getAttribute("data-name"), was = Number(await range.inputValue());
    seen.bound0 = await text("#bound");
    await page.waitForTimeout(1500);
    const ms = [];
    for (const value of [was - 1, was - 2, was - 1]) {
      await slide(page, name, value);
      await page.waitForFunction(() => document.getElementById("bound").dataset.ms, null, { timeout: 60000 });
      await settle(400);
      ms.push(Number(await page.getAttribute("#bound", "data-ms")));
    }
    seen.bound_ms = ms;
    seen.bound = await text("#bound");
    seen.bound_state = await page.getAttribute("#bound", "class");
    await slide(page, name, was);
    await page.selectOption("#within", "0.01%");
    await page.waitForFunction(() => /[0-9]/.test(document.getElementById("core-said").textContent), null, { timeout: 60000 });
    seen.core = await text("#core-said");
    seen.core_ms = [];
    for (const value of [was + 2, was + 1]) {
      await page.evaluate(() => { delete document.getElementById("core-said").dataset.ms; });
      await slide(page, name, value);
      await page.waitForFunction(() => document.getElementById("core-said").dataset.ms, null, { timeout: 60000 });
      seen.core_ms.push(Number(await page.getAttribute("#core-said", "data-ms")));
    }
    seen.core_moved = await text("#core-said");
    await shot("slider");
    await slide(page, name, was - 1);
    await release(page, name);
    await page.waitForSelector('[data-scenario="草案-1"]', { timeout: 20000 });
    await page.waitForFunction(() => document.querySelector(".steps li"), null, { timeout: 60000 });
    await page.waitForSelector("#stop", { timeout: 10000 }).catch(() => {});
    await solved();
    await page.waitForFunction((old) => document.querySelector(".result strong")?.innerText !== old, seen.score, { timeout: 60000 }).catch(() => {});
    seen.score_draft = await text(".result strong");
    await page.waitForFunction(() => document.getElementById("core-said").textContent, null, { timeout: 60000 });
    seen.core_after = [await page.inputValue("#within"), await text("#core-said")];
    await page.selectOption("#within", "");
    seen.steps = await page.$$eval(".steps li", (all) => all.map((e) => e.innerText));
    await page.click("#mode-table");
    await page.waitForSelector("#table tbody tr");
    seen.rows = await page.$$eval("#table tbody tr", (all) => all.length);
    await page.focus("#table tbody tr:first-child");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-way]", { timeout: 30000 });
    seen.sheet = await text("#sheet");
    seen.selected = await page.$eval('#table tr[aria-selected="true"]', (e) => e.dataset.parcel);
    await shot("sheet");
    await page.click("[data-way]");
    const fix = page.locator("[data-fix]").first();
    if (await fix.count()) {
      await fix.click();
      await fill(page, { reason: "第12次会议纪要", by: "经办人甲" });
      await page.waitForFunction(() => document.querySelectorAll(".steps li").length >= 2, null, { timeout: 20000 });
      await settle(500);
      seen.fixed = await text(".steps li");
      seen.stale = await page.locator(".solve .stale").count();
      await shot("history");
      await page.click("#undo");
      await page.waitForFunction(() => document.querySelectorAll(".steps li").length >= 3, null, { timeout: 20000 });
      seen.dead = await page.$$eval(".steps .dead", (all) => all.length);
      await page.focus("#redo");
      await page.keyboard.press("Control+z");
      await page.waitForFunction(() => document.querySelectorAll(".steps li").length >= 4, null, { timeout: 20000 });
      await page.waitForFunction(() => !document.getElementById("redo")?.disabled, null, { timeout: 20000 });
      await page.click("#redo");
      await page.waitForFunction(() => document.querySelectorAll(".steps li").length >= 5, null, { timeout: 20000 });
      seen.after = await page.$$eval(".steps li:not(.dead)", (all) => all.length);
    }
    await page.click("#mode-map");
    await page.click('[data-view="compare"]');
    await page.waitForSelector("#plans");
    await page.waitForSelector("#diff h3");
    seen.plans = await page.$$eval("#plans tbody tr", (all) => all.map((e) => e.innerText));
    seen.diff = await text("#diff");
    await page.click("#swipe-go");
    await page.waitForSelector("#swipe-at");
    await settle(700);
    await shot("compare");
    seen.cut = [];
    for (const at of ["0", "80"]) {
      await page.locator("#swipe-at").evaluate((e, v) => { e.value = v; e.dispatchEvent(new Event("input")); }, at);
      seen.cut.push(await page.$eval(".swipe .over", (e) => e.style.clipPath));
    }
    await page.click('[data-view="audit"]');
    await page.waitForSelector("#audited");
    await page.click('[data-view="compare"]');  // drawn anew: the cut stays where it was
    await page.waitForSelector("#swipe-at");
    seen.kept = await page.inputValue("#swipe-at");
    await page.click('[data-view="policy"]');
    await page.waitForSelector(".rules li");
    seen.policy = await text(".rules");
    await shot("policy");
    await page.click("#lang");
    await page.waitForFunction(() => document.documentElement.lang === "en");
    await settle(600);
    seen.english = await text(".rules");
    await page.click("#lang");
  },
  /* A planner changes the policy: a number, a rule off with its reason, one typed as TOML with a mistake first. */
  async planner({ page, seen, text, settle, values }) {
    await page.click(`[data-round="${values.round}"]`);
    await page.click('[data-view="policy"]');
    await page.waitForSelector("[data-switch]");
    const number = page.locator('.sentence input[data-name]').first();
    seen.name = await number.getAttribute("data-name");
    seen.was = await number.inputValue();
    seen.units = await page.locator(".sentence").first().innerText();
    await number.fill("3");
    await number.press("Tab");
    await page.waitForSelector('[data-scenario="草案-1"]', { timeout: 20000 });
    await settle(600);
    const off = page.locator("[data-switch]").nth(1);
    seen.off = await off.getAttribute("data-switch");
    await off.click();
    await fill(page, { reason: "试算", by: "规划员" });
    await page.waitForSelector("li.off", { timeout: 20000 });
    await page.click("#rule-add");
    await page.waitForSelector("dialog[open] textarea");
    const toml = await page.inputValue("dialog textarea");
    await page.fill("dialog textarea", toml.replace("method in", "methud in"));
    await page.fill("dialog [name=reason]", "新限额"); await page.fill("dialog [name=by]", "规划员");
    await page.click("dialog .go");
    await page.waitForFunction(() => /methud/.test(document.querySelector("dialog[open]")?.innerText || ""), null, { timeout: 30000 });
    seen.refused = await text("dialog");
    await page.fill("dialog textarea", toml.replace('en = "", zh = ""', 'en = "Own cap", zh = "自定上限"').replace('doc = "", article = "", number = ""', 'doc = "本轮政策", article = "20", number = "EX-1"'));
    await page.click("dialog .go");
    await page.waitForFunction(() => /自定上限/.test(document.querySelector(".rules")?.innerText || ""), null, { timeout: 30000 });
    seen.rules = await text(".rules");
    seen.is = await page.locator('.sentence input[data-name]').first().inputValue();
    await page.click("#toml summary");
    seen.toml = await text("#toml pre");
    await page.click("#scenario-rename");
    await fill(page, { name: "甲案" });
    await page.waitForSelector('[data-scenario="甲案"][aria-selected="true"]', { timeout: 20000 });
    await page.click("#scenario-copy");
    await fill(page, { name: "乙案" });
    await page.waitForSelector('[data-scenario="乙案"][aria-selected="true"]', { timeout: 20000 });
    await page.click("#scenario-bin");
    await fill(page, {});
    await page.waitForFunction(() => !document.querySelector('[data-scenario="乙案"]'), null, { timeout: 20000 });
    seen.scenarios = await page.$$eval("[data-scenario]", (all) => all.map((e) => e.dataset.scenario));
  },
  /* Records and a layer with headings nobody knows: columns, unit and encoding by choosing. */
  async sources({ page, seen, shot, text, settle, values }) {
    await page.click(`[data-round="${values.round}"]`);
    await page.click('[data-view="files"]');
    await page.waitForSelector("#columns-industrial_block", { timeout: 60000 });
    seen.before = await text("#files-said");
    const choose = async (of, heading, field) => { await page.locator(`#columns-${of} [data-column="${heading}"]`).selectOption(field); };
    for (const [heading, field] of Object.entries(JSON.parse(values.records))) await choose("records", heading, field);
    await page.selectOption("#setting-records-encoding", "GB18030");
    await choose("industrial_block", "号", "name");
    await choose("industrial_block", "规模", "area_m2");
    await page.locator('#columns-industrial_block [data-unit="area_m2"]').selectOption("ha");
    await settle(300);
    await page.locator("#columns-records").scrollIntoViewIfNeeded();
    await shot("sources");
    await page.click("#columns-keep");
    await page.waitForSelector("#to-decide", { timeout: 60000 });
    seen.after = await text("#files-said");
    await settle(4000);
    seen.near = await page.$eval("#to-decide", (e) => { const at = e.getBoundingClientRect(); return at.top > 0 && at.bottom < innerHeight; });
  },
  /* A head of section audits and adopts. */
  async head({ page, seen, shot, text, settle, values }) {
    await page.click(`[data-round="${values.round}"]`);
    await page.click('[data-view="audit"]');
    await page.waitForSelector("#verify");
    await page.click("#verify");
    await page.waitForSelector("#verified .verdict", { timeout: 60000 });
    seen.verified = await text("#verified");
    await page.click("#audit-complete");
    await page.waitForSelector("#audit-verdict", { timeout: 90000 });
    seen.audited = await text("#audited-said");
    await shot("audit");
    seen.states = [await text("#adoption .states")];
    await page.click("#submit");
    await fill(page, { by: "经办人" });
    await page.waitForSelector("#pass:not([disabled])", { timeout: 30000 });
    await page.click("#pass");
    await fill(page, { by: "审核人", note: "审查成立" });
    await page.waitForSelector("#adopt", { timeout: 30000 });
    seen.handled = await text("#handled");
    await shot("states");
    await page.click("#adopt");
    await fill(page, { document: "穗规划〔2026〕12号", by: "签发人", open: "yes" });
    await page.waitForFunction(() => /台账第/.test(document.querySelector("#adoption")?.innerText || ""), null, { timeout: 90000 });
    await page.waitForSelector('[data-state="signed"].done', { timeout: 30000 });
    seen.adopted = await text("#adoption");
    await shot("adopted");
    await page.click('[data-view="law"]');
    await page.waitForSelector("#law-go");
    await page.click("#law-go");
    await page.waitForSelector("#law-said .panel", { timeout: 60000 });
    seen.law = await text("#law-said");
    await shot("law");
  },
  /* From two files with headings nobody knows to a plan, by keyboard alone: no pointer, no focus set by the test. */
  async newcomer({ page, seen, shot, text, settle, solved, values }) {
    page.mouse.click = page.click = () => { throw new Error("a pointer"); };
    await page.waitForSelector("#new-name");
    await reach(page, "#new-name");
    await page.keyboard.type("2026-R2");
    await reach(page, "#new-date");
    await page.keyboard.type(values.as_of.replaceAll("-", ""));
    await reach(page, "#new-codes");
    await pick(page, "landopt");
    for (const role of ["parcels", "demands"]) {
      await reach(page, "#file-" + role);
      const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Space")]);
      await chooser.setFiles(values[role]);
      await taken(page, role);
    }
    seen.date = await page.inputValue("#new-date");
    await shot("new");
    await reach(page, "#new-go");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#files-said", { timeout: 90000 });
    seen.files = await text(".page");
    for (const [heading, field] of Object.entries(JSON.parse(values.columns))) {
      await reach(page, `[data-column="${heading}"]`);
      await pick(page, field);
    }
    await reach(page, '[data-unit="area_max_m2"]');
    await pick(page, "ha");
    await pick(page, "m2");
    await shot("columns");
    await reach(page, "#columns-keep");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#to-decide", { timeout: 60000 });
    await shot("files");
    await reach(page, "#to-decide");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#solve");
    await reach(page, "#solve");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#stop");
    await solved();
    await settle(500);
    seen.score = await text(".result");
    seen.keys = pressed;
  },
  /* Eight tabs of one browser: one stream, the same news everywhere; a step in one shows in all. */
  async tabs({ page, context, watch, seen, settle, values }) {
    const address = page.url().split("#")[0];
    await page.click(`[data-round="${values.round}"]`);
    await page.waitForSelector("#solve");
    const pages = [page];
    for (let n = 1; n < 8; n++) {
      const other = await context.newPage();
      watch(other);
      await other.goto(address);
      await other.waitForFunction(() => document.documentElement.dataset.ready, null, { timeout: 60000 });
      await other.click(`[data-round="${values.round}"]`);
      await other.waitForSelector("#solve");
      pages.push(other);
    }
    await settle(500);
    seen.streams = seen.requests.filter((path) => path === "/api/news").length;
    await pages[7].click("#scenario-new");
    await fill(pages[7], { name: "第八页" });
    for (const each of pages) await each.waitForSelector('[data-scenario="第八页"]', { timeout: 20000 });
    await pages[0].close();
    await pages[6].waitForTimeout(2500);
    await pages[6].click("#scenario-new");
    await fill(pages[6], { name: "第七页" });
    for (const each of pages.slice(1)) await each.waitForSelector('[data-scenario="第七页"]', { timeout: 20000 });
    seen.all = pages.length;
    seen.streams_after = seen.requests.filter((path) => path === "/api/news").length;
  },
  /* A platform without a site, a late applicant, a front, a rule: asked, answered, shown. */
  async asker({ page, seen, shot, text, settle, values }) {
    await page.click(`[data-round="${values.round}"]`);
    await page.waitForSelector("[data-platform]", { timeout: 60000 });
    await page.click("[data-platform]");
    await page.click("#serve", { timeout: 60000 });
    await page.waitForSelector("#served", { timeout: 120000 });
    seen.serve = await text("#served");
    await page.click("#place");
    await page.waitForSelector("#placed", { timeout: 120000 });
    seen.place = await text("#placed");
    await page.click("#back");
    await page.click("#late");
    await page.click("dialog summary");
    await fill(page, { demand: "N-1", ...JSON.parse(values.facts) });
    await page.waitForSelector('[data-about="place"] #placed', { timeout: 120000 });
    seen.late = await text('[data-about="place"]');
    await shot("ranked");
    await page.click("#late-enter");
    await fill(page, { reason: "第12次会议纪要", by: "经办人甲" });
    await page.waitForSelector("#filed [data-unadd]", { timeout: 60000 });
    seen.filed = await text("#filed");
    await page.click("#undo");
    await page.waitForFunction(() => document.querySelectorAll(".steps li").length === 2, null, { timeout: 20000 });
    seen.unfiled = await page.locator("#filed").count();
    await page.waitForFunction(() => !document.getElementById("redo")?.disabled, null, { timeout: 20000 });
    await page.click("#redo");
    await page.waitForSelector("#filed [data-unadd]", { timeout: 20000 });
    await page.click("#solve");
    await page.waitForSelector("#stop", { timeout: 20000 }).catch(() => {});
    await page.waitForFunction(() => document.querySelector("#solve") && document.querySelector("#bound"), null, { timeout: 120000 });
    await page.click("#mode-table");
    await page.waitForSelector("#table tbody tr");
    await page.fill("#find", "N-1");
    await settle(500);
    seen.taken = await text("#table tbody");
    await shot("late");
    await page.fill("#find", "");
    await page.click("#mode-map");
    await page.click('[data-view="compare"]');
    await page.click("#front-go", { timeout: 30000 });
    await page.waitForSelector("#front-table", { timeout: 180000 });
    seen.front = await page.$$eval("#front-table tbody tr", (all) => all.length);
    seen.drawn = await page.$eval("img.front", (e) => e.naturalWidth);
    await shot("front");
    await page.click('[data-view="law"]');
    await page.click("#rules-go");
    await page.waitForSelector("[data-law]", { timeout: 60000 });
    await page.fill("#rule-find", "cn.order39.art4");
    await page.waitForFunction(() => document.querySelectorAll("[data-law]").length < 12);
    await page.click('[data-law="cn.order39.art4"]');
    await page.waitForSelector("#rule-said .typed", { timeout: 60000 });
    seen.rule = await text("#rule-said");
    await page.fill("#law-other", "2020-12-31");
    await page.click("#changes-go");
    await page.waitForSelector("#changes-said .typed", { timeout: 60000 });
    seen.changes = await text("#changes-said");
    await shot("rule");
  },
  /* A large round: until the map is there, what a pan and a zoom take, the bound and the core under a slider where there is a plan. */
  async crowd({ page, seen, shot, text, values }) {
    const begun = Date.now();
    const own = await page.$(`[data-round="${values.round}"]`); // where it is the only one it opens by itself
    if (own) await own.click();
    await page.waitForSelector("#map", { timeout: 300000 });
    await page.waitForFunction(() => document.querySelector("#legend li"), null, { timeout: 300000 });
    seen.map_ms = Date.now() - begun;
    await page.evaluate(() => { window.frames_ = []; let last = performance.now(); const next = () => { const now = performance.now(); window.frames_.push(Math.round(now - last)); last = now; requestAnimationFrame(next); }; requestAnimationFrame(next); });
    const box = await page.locator("#map").boundingBox(), pan = Date.now();
    await page.mouse.move(box.x + 400, box.y + 300);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + 200, { steps: 20 });
    await page.mouse.up();
    seen.pan_ms = Date.now() - pan;
    await page.waitForTimeout(1000);
    seen.frames = await page.evaluate(() => [...window.frames_].sort((a, b) => a - b));
    seen.frames = { count: seen.frames.length, median: seen.frames[seen.frames.length >> 1], longest: seen.frames.at(-1) };
    const zoom = Date.now();
    await page.click(".leaflet-control-zoom-in");
    await page.waitForTimeout(400);
    await page.evaluate(() => new Promise(requestAnimationFrame));
    seen.zoom_ms = Date.now() - zoom - 400;
    await shot("crowd");
    if (values.plan !== "yes") return;
    const range = page.locator("input[type=range]").first(), name = await range.getAttribute("data-name"), was = Number(await range.inputValue());
    await page.selectOption("#within", "0.5%");
    await page.waitForFunction(() => document.getElementById("core-said").textContent, null, { timeout: 120000 });
    seen.core_first = await text("#core-said");
    seen.bound_ms = []; seen.core_ms = [];
    for (const value of [was + 1, was + 2, was + 3, was + 4, was + 2, was + 1]) {
      await page.evaluate(() => { delete document.getElementById("core-said").dataset.ms; delete document.getElementById("bound").dataset.ms; });
      await slide(page, name, value);
      await page.waitForFunction(() => document.getElementById("bound").dataset.ms && document.getElementById("core-said").dataset.ms, null, { timeout: 120000 });
      seen.bound_ms.push(Number(await page.getAttribute("#bound", "data-ms")));
      seen.core_ms.push(Number(await page.getAttribute("#core-said", "data-ms")));
    }
    seen.core = await text("#core-said");
    await shot("crowd-slider");
  },
  /* Scenarios side by side: tabs, what differs as a table and as maps under a slider, why; a front and stress of a scenario; the bin. */
  async scenarios({ page, seen, shot, text, settle, values }) {
    const newTab = async (id, name) => { await page.click(id); await fill(page, { name }); await page.waitForSelector(`[data-scenario="${name}"][aria-selected="true"]`, { timeout: 20000 }); };
    await page.click(`[data-round="${values.round}"]`);
    await page.waitForSelector("input[type=range]", { timeout: 60000 });
    await page.fill(`#s-${values.rule.replaceAll(".", "-")}-amount-n`, values.value);
    await page.keyboard.press("Tab");
    await page.waitForSelector('[data-scenario="草案-1"][aria-selected="true"]', { timeout: 20000 });
    await page.waitForFunction(() => document.querySelector("#solve") && document.querySelector(".steps li") && !document.querySelector(".solve .stale") && document.querySelector("#bound"), null, { timeout: 90000 });
    seen.score = await text(".result strong");
    await newTab("#scenario-rename", "甲案");
    await newTab("#scenario-copy", "乙案");
    seen.tabs = await page.$$eval("[data-scenario]", (all) => all.map((e) => e.dataset.scenario));
    await tab(page, "甲案");
    await page.click('[data-view="compare"]');
    await page.waitForSelector("#moves, #diff .hint");
    seen.plans = await page.$$eval("#plans tbody th", (all) => all.map((e) => e.innerText));
    seen.diff = await text("#diff");
    await page.click("#swipe-go");
    await page.waitForSelector("#swipe-at");
    await page.focus("#swipe-at");
    await page.keyboard.press("End");
    seen.cut = await page.$eval(".swipe .over", (e) => e.style.clipPath);
    await page.click("#front-go", { timeout: 30000 });
    await page.waitForSelector("#front-table", { timeout: 120000 });
    seen.front = { typed: await text("#front-said .typed code"), rows: await page.$$eval("#front-table tbody tr", (all) => all.map((e) => e.innerText)), drawn: await page.$eval("img.front", (e) => e.naturalWidth), words: await page.$eval("#front-words", (e) => e.textContent) };
    await page.fill("#draws", "2");
    await page.click("#stress-go");
    await page.waitForSelector("#stress-platforms", { timeout: 120000 });
    seen.stress = { typed: await text("#stress-said .typed code"), held: await text("#stress-said p"), bars: await page.$$eval("#stress-said meter", (all) => all.length) };
    await settle(200);
    await page.locator("#front-said").scrollIntoViewIfNeeded();
    await shot("front");
    await tab(page, "乙案");
    await page.click("#scenario-bin");
    await fill(page, {});
    await page.waitForFunction(() => !document.querySelector('[data-scenario="乙案"]'), null, { timeout: 20000 });
    seen.left = await page.$$eval("[data-scenario]", (all) => all.map((e) => e.dataset.scenario));
  },
  /* The whole way by pointer, counted: from the page to an adopted plan, each stretch with its clicks, entries and seconds. */
  async trial({ page, seen, settle, solved, values }) {
    await page.evaluate(() => { window.tally = { entries: 0 }; addEventListener("change", (e) => { if (e.target.matches("input:not([type=checkbox]),select,textarea")) window.tally.entries++; }, true); });
    /* Clicks as they are made: the page's own events count a label twice, and a click again that met a moving button. */
    let clicks = 0;
    const click = async (selector, options) => { clicks++; await page.click(selector, options); };
    let since = Date.now(), before = { clicks: 0, entries: 0 };
    seen.stretches = [];
    const stretch = async (name) => {
      const now = { clicks, ...await page.evaluate(() => ({ ...window.tally })) }, at = Date.now();
      seen.stretches.push({ name, clicks: now.clicks - before.clicks, entries: now.entries - before.entries, seconds: Math.round((at - since) / 1000) });
      since = at; before = now;
    };
    const enter = async (selector, value) => { await click(selector); await page.fill(selector, value); await page.keyboard.press("Tab"); };
    const say = async (entries) => { await page.waitForSelector("dialog[open]"); for (const [name, value] of Object.entries(entries)) await enter(`dialog [name=${name}]`, value); await click("dialog .go"); await page.waitForSelector("dialog", { state: "hidden" }); };
    await enter("#new-name", "2026-R2");
    await enter("#new-date", values.as_of);
    await page.selectOption("#new-codes", "landopt");
    for (const role of ["parcels", "demands"]) {
      const [chooser] = await Promise.all([page.waitForEvent("filechooser"), click(`label[for=file-${role}]`)]);
      await chooser.setFiles(values[role]);
      await taken(page, role);
    }
    await click("#new-go");
    await page.waitForSelector("#files-said", { timeout: 90000 });
    await stretch("round");
    for (const [heading, field] of Object.entries(JSON.parse(values.columns))) await page.selectOption(`[data-column="${heading}"]`, field);
    await click("#columns-keep");
    await page.waitForSelector("#to-decide", { timeout: 60000 });
    await stretch("columns");
    await click("#to-decide");
    await click("#solve");
    await page.waitForSelector("#stop", { timeout: 20000 }).catch(() => {});
    await solved();
    await stretch("plan");
    await click('[data-view="audit"]');
    await click("#audit-complete");
    await page.waitForSelector("#audit-verdict", { timeout: 120000 });
    await stretch("audit");
    await click("#submit");
    await say({ by: "经办人" });
    await page.waitForSelector("#pass:not([disabled])", { timeout: 30000 });
    await click("#pass");
    await say({ by: "审核人" });
    await click("#adopt", { timeout: 30000 });
    await say({ document: "穗规划〔2026〕12号", by: "签发人" });
    await page.waitForSelector('[data-state="signed"].done', { timeout: 120000 });
    await stretch("adopted");
  },
  /* Whatever can be clicked, at random, by a seed: views, scenarios, sliders, dialogs filled with anything. */
  async monkey({ page, seen, values, settle }) {
    let state = Number(values.seed);
    const luck = (n) => { state = (state * 1103515245 + 12345) % 2147483648; return Math.floor((state / 2147483648) * n); };
    const words = ["3", "2026-03-31", "经办人", "<b>x</b>", "=1+1", "第8次会议", "0.5", "-1", "", "D-001", "x".repeat(90)];
    page.on("response", async (r) => { if (r.status() >= 500) seen.errors.push(r.status() + " " + r.url() + " " + (await r.text().catch(() => "")).slice(0, 600)); });
    const end = Date.now() + Number(values.seconds) * 1000;
    seen.clicks = 0;
    while (Date.now() < end) {
      const open = await page.$("dialog[open]"), root = open ? "dialog[open] " : "";
      const all = await page.$$(["button:not([disabled])", "select", "input:not([type=file]):not([disabled])", "summary", "textarea", "tr[tabindex]"].map((s) => root + s).join(","));
      const one = all[luck(all.length)];
      try {
        const kind = one ? await one.evaluate((e) => e.tagName + " " + (e.type || "")) : "";
        if (!one || !(await one.isVisible())) continue;
        if (kind.startsWith("SELECT")) await one.evaluate((e, n) => { e.selectedIndex = n % e.options.length; e.dispatchEvent(new Event("change", { bubbles: true })); }, luck(50));
        else if (/range/.test(kind)) await one.evaluate((e, n) => { e.value = String(Number(e.max) * n / 100); for (const type of ["input", "change"]) e.dispatchEvent(new Event(type, { bubbles: true })); }, luck(100));
        else if (/text|search|number|password|TEXTAREA/.test(kind)) { await one.fill(/number/.test(kind) ? String(luck(99)) : words[luck(words.length)], { timeout: 1500 }); if (luck(2)) await one.press("Tab", { timeout: 1500 }); }
        else await one.click({ timeout: 1500 });
        seen.clicks++;
      } catch (e) { if (!/Timeout|detached|not attached|not visible|outside of the viewport|intercepts|closed|Execution context/.test(e.message)) throw e; }
      if (open && luck(6) === 0) await page.keyboard.press("Escape");
    }
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await settle(2000);
    await page.click("#home", { timeout: 15000 });
    await page.waitForSelector("#new-name", { timeout: 60000 });
    seen.heap = await page.evaluate(() => performance.memory.usedJSHeapSize);
  },
  /* Names that are markup, scripts and turns of direction: shown, never run. */
  async hostile({ page, seen, text, values }) {
    page.on("dialog", (d) => { seen.errors.push("dialog " + d.message()); d.dismiss(); });
    if (await page.$(`[data-round="${values.round}"]`)) await page.click(`[data-round="${values.round}"]`);
    for (const view of ["decide", "audit", "compare"]) {
      await page.click(`[data-view="${view}"]`);
      await page.waitForTimeout(1500);
    }
    await page.click('[data-view="decide"]');
    await page.waitForSelector("#mode-table", { timeout: 30000 });
    await page.click("#mode-table");
    await page.waitForSelector("#table tbody tr");
    seen.table = await text("#table");
    seen.title = await page.title();
    seen.scripts = await page.$$eval("script", (all) => all.length);
  },
};
