/* The frame of the page: which round, which scenario, which view; what the server tells is handed to the views. */
import { get, listen, post, ready } from "./net.js";
import { ask, both, button, finding, firstLanguage, h, lang, speak, t, tell, trouble } from "./say.js";
import * as rounds from "./rounds.js";
import * as decide from "./decide.js";
import * as policy from "./policy.js";
import * as compare from "./compare.js";
import * as audit from "./audit.js";
import * as law from "./law.js";
import * as files from "./files.js";
import * as limits from "./limits.js";

const VIEWS = { decide, files, policy, compare, audit, law };
export const now = { state: null, room: null, scenario: "", view: "rounds", jobs: new Map(), online: true };
const main = document.getElementById("view");

export const readOnly = () => now.state.read_only || Boolean(now.room?.plan_only);
export const tab = () => (now.scenario ? now.room.scenarios.find((s) => s.name === now.scenario) : null);
export const planKey = () => {
  if (!now.room) return null;  // left while something was still being drawn
  const wanted = now.scenario ? "s:" + now.scenario : "plan";
  if (now.room.plans.some((p) => p.key === wanted)) return wanted;
  return now.scenario ? null : now.room.plans[0]?.key || null;
};
/* The word of an amount's unit: the one it is written in, else that of what is measured. */
export const measured = (unit, rule) => { const known = unit || now.room.measures[rule.measure]; return known ? t("unit." + known) : ""; };
export const planLine = (key = planKey()) => now.room?.plans.find((p) => p.key === key);
export const jobsOf = (what, scenario) => [...now.jobs.values()].filter((j) => j.what === what && j.room === now.room?.name && (scenario === undefined || j.scenario === scenario));

/* A question about the plan shown; the answers of one plan are kept while its file stays as it is. */
const kept = new Map();
export async function about(what, body = {}, key = planKey()) {
  if (!now.room) throw new DOMException("the round was left", "AbortError");
  const mark = JSON.stringify([now.room.name, planLine(key)?.stamp, what, body, key]);
  if (!kept.has(mark)) {
    const asked = post("/api/ask/plan/" + what, [now.room.name], { ...body, plan: key });
    kept.set(mark, asked);
    asked.catch(() => kept.delete(mark));
    if (kept.size > 200) kept.delete(kept.keys().next().value);
  }
  return kept.get(mark);
}

export async function open(name, scenario = "") {
  now.room = await get("/api/room", name);
  now.scenario = scenario && now.room.scenarios.some((s) => s.name === scenario) ? scenario : "";
  if (!VIEWS[now.view]) now.view = now.room.plan_only || now.state.read_only ? "audit" : "decide";
  remember(); await draw();
}
export async function choose(scenario) { now.scenario = scenario; remember(); await draw(); }
export async function show(view) { now.view = view; remember(); await draw(); main.focus(); }
/* The round is left once the list can be drawn: what is still drawing it has its round until then. */
export async function home() { const state = await get("/api/state"); now.room = null; now.view = "rounds"; now.state = state; remember(); await draw(); }
function remember() {
  const place = now.room ? "#/" + [now.room.name, now.view, now.scenario].map(encodeURIComponent).join("/") : "#/";
  if (location.hash !== place) history.pushState(null, "", place);
}
async function restore() {
  const [name, view, scenario] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  now.view = VIEWS[view] ? view : "rounds";
  if (name && now.state.rounds.some((r) => r.name === name)) await open(name, scenario);
  else if (now.state.rounds.length === 1 && !location.hash) await open(now.state.rounds[0].name);
  else await home();
}

/* A step of the history. In the round as filed a scenario is made first: what is filed is never changed here. */
export async function step(body, make = true) {
  if (!now.scenario && make) {
    const taken = now.room.scenarios.map((s) => s.name.toLowerCase());
    let number = 1;
    while (taken.includes((t("scenario.draft") + number).toLowerCase())) number++;
    const made = await post("/api/do/make", [now.room.name], { name: t("scenario.draft") + number });
    now.room = await get("/api/room", now.room.name);
    now.scenario = made.name;
    tell(h("p", {}, t("scenario.made", { name: made.name })));
  }
  await post("/api/do/step", [now.room.name], { ...body, scenario: now.scenario, version: tab().version });
  await refresh();
}
export async function refresh() {
  if (!now.room) return;
  now.room = await get("/api/room", now.room.name);
  if (now.scenario && !tab()) now.scenario = "";
  remember(); await draw();
}
export async function work(name, body) {
  const job = await post(name, [now.room.name], body);
  now.jobs.set(job.job, job);
  await draw();
  return job;
}

function top() {
  const nav = now.room ? h("nav", { "aria-label": t("views") }, ...Object.keys(VIEWS)
    .filter((v) => !now.room.plan_only || ["decide", "audit", "compare", "law"].includes(v))
    .map((v) => button(t("view." + v), () => show(v).catch(trouble), { "aria-current": now.view === v ? "page" : null, "data-view": v }))) : null;
  const writer = now.room?.writer;
  const state = readOnlyLine(writer);
  document.getElementById("top").replaceChildren(
    h("div", { class: "brand" }, button("landopt", () => home().catch(trouble), { class: "logo", title: t("home"), id: "home" }),
      now.room ? h("h1", {}, both(now.room.title), h("small", {}, now.room.as_of)) : h("h1", {}, t("title"))),
    nav || "", h("div", { class: "row right" }, state,
      now.online ? "" : h("span", { class: "badge warn", role: "alert" }, t("offline")),
      button(lang() === "zh" ? "English" : "中文", async () => { await speak(lang() === "zh" ? "en" : "zh"); await draw(); }, { id: "lang", lang: lang() === "zh" ? "en" : "zh" })));
  document.getElementById("skip").textContent = t("skip");
  document.title = (now.room ? both(now.room.title) + " – " : "") + "landopt";
}
function readOnlyLine(writer) {
  if (now.state.read_only) return h("span", { class: "badge", id: "mode" }, t("mode.read-only"));
  if (writer && !writer.here) return h("span", { class: "badge warn", id: "mode", title: writer.since }, t("mode.other", writer));
  if (writer) return h("span", { class: "row" }, h("span", { class: "badge good", id: "mode", title: writer.since }, t("mode.mine")), button(t("mode.leave"), () => post("/api/do/leave", [now.room.name]).then(refresh).catch(trouble), { class: "quiet" }));
  return now.room && !now.room.plan_only ? h("span", { class: "badge", id: "mode" }, t("mode.free")) : "";
}
function tabsLine() {
  if (!now.room || now.room.plan_only || ["law", "files"].includes(now.view)) return null;
  const one = (name, text) => button(text, () => choose(name).catch(trouble), { role: "tab", "aria-selected": String(now.scenario === name), "data-scenario": name });
  const tools = readOnly() ? [] : [button(t("scenario.new"), make, { class: "quiet", id: "scenario-new" }),
    now.scenario ? [button(t("scenario.rename"), rename, { class: "quiet", id: "scenario-rename" }), button(t("scenario.copy"), copy, { class: "quiet", id: "scenario-copy" })] : "", now.scenario ? button(t("scenario.bin"), bin, { class: "quiet", id: "scenario-bin" }) : ""];
  return h("div", { class: "scenarios" }, h("div", { role: "tablist", "aria-label": t("scenarios") }, one("", t("scenario.base")), ...now.room.scenarios.map((s) => one(s.name, s.name))), ...tools);
}
async function named(title, value = "") {
  const given = await ask(title, [{ name: "name", label: t("scenario.name"), value, required: true, most: 40, note: t("scenario.name-note") }]);
  return given?.name.trim();
}
const guard = (f) => async () => { try { await f(); } catch (e) { trouble(e); } };
const make = guard(async () => { const name = await named(t("scenario.new")); if (!name) return; await post("/api/do/make", [now.room.name], { name }); now.scenario = name; now.room = await get("/api/room", now.room.name); remember(); await draw(); });
const copy = guard(async () => { const name = await named(t("scenario.copy")); if (!name) return; await post("/api/do/make", [now.room.name], { name, like: now.scenario }); now.scenario = name; now.room = await get("/api/room", now.room.name); remember(); await draw(); });
const rename = guard(async () => { const name = await named(t("scenario.rename"), now.scenario); if (!name || name === now.scenario) return; now.scenario = (await post("/api/do/rename", [now.room.name], { name: now.scenario, new: name })).name; await refresh(); });
const bin = guard(async () => {
  const sure = await ask(t("scenario.bin"), [{ name: "x", text: t("scenario.bin-sure", { name: now.scenario }) }], t("scenario.bin"));
  if (!sure) return;
  const done = await post("/api/do/bin", [now.room.name], { name: now.scenario });
  tell(h("p", {}, t("scenario.binned", { place: "scenarios/.bin/" + done.bin })));
  now.scenario = ""; await refresh();
});

/* One drawing of a view at a time: what comes meanwhile is drawn once, afterwards. Another view does not wait for one that is still read. */
let drawing = null, again = false, target = "", run = 0, count = 0;
export function draw() {
  const wanted = (now.room ? now.view : "rounds") + " " + now.room?.name;
  if (drawing && wanted === target) { again = true; return drawing; }
  target = wanted; again = false;
  const mine = (async () => {
    do { again = false; await drawOnce(); } while (again && target === wanted);
  })().finally(() => { if (drawing === mine) drawing = null; });
  drawing = mine;
  return mine;
}
async function drawOnce() {
  const mine = ++run;
  const slow = setTimeout(() => { if (mine !== run) return; main.setAttribute("aria-busy", "true"); if (main.dataset.view && main.dataset.view !== now.view + now.room?.name) main.dataset.away = "yes"; }, 250);
  try { await drawn(mine); } finally { clearTimeout(slow); if (mine === run) { main.removeAttribute("aria-busy"); delete main.dataset.away; } }
}
async function drawn(mine) {
  await limits.released();
  top();
  const view = now.room ? VIEWS[now.view] || decide : rounds;
  const box = h("div", { class: "view view-" + (now.room ? now.view : "rounds") });
  const same = main.dataset.view === now.view + now.room?.name;
  try {
    const content = await view.draw(box);
    if (mine !== run) return;
    const focus = document.activeElement?.id, at = main.querySelector(".side .scroll")?.scrollTop || 0, down = main.scrollTop;
    const opened = new Map(same ? [...main.querySelectorAll("details[id]")].map((d) => [d.id, d.open]) : []);
    main.replaceChildren(...[tabsLine(), content || box].filter(Boolean));
    for (const [id, open] of opened) { const d = document.getElementById(id); if (d && d.open !== open) d.open = open; }
    view.drawn?.(box);
    if (same) { main.scrollTop = down; const side = main.querySelector(".side .scroll"); if (side) side.scrollTop = at; }
    if (focus && !document.querySelector("dialog[open]")) document.getElementById(focus)?.focus({ preventScroll: true });
  } catch (e) {
    if (mine !== run) return;
    main.replaceChildren(...[tabsLine(), h("div", { class: "page" }, h("p", {}, t("trouble"), " ", e.issues?.length ? "" : e.message), ...(e.issues || []).map(finding))].filter(Boolean));
  }
  main.dataset.view = now.view + now.room?.name;
  document.documentElement.dataset.drawn = String(++count);
}
function hear(news) {
  if (news.kind === "line-down" || news.kind === "line-up") { if (now.online !== (news.kind === "line-up")) { now.online = !now.online; top(); } return; }
  if (news.kind === "job") {
    const before = now.jobs.get(news.job);
    now.jobs.set(news.job, { ...news, lines: before?.lines || [] });
    (now.room ? VIEWS[now.view] : rounds)?.job?.(now.jobs.get(news.job));
    if (news.room === now.room?.name && news.state !== "running" && before?.state !== news.state) refresh().catch(trouble);
  } else if (news.kind === "line") {
    const job = now.jobs.get(news.job);
    if (job) { job.lines.push(news.line); VIEWS[now.view]?.job?.(job); }
  } else if (news.kind === "room" && news.room === now.room?.name) refresh().catch(trouble);
}
async function begin() {
  if (!(await ready())) {
    main.replaceChildren(h("div", { class: "page" }, h("p", {}, "landopt: 请从 landopt serve 打开的页面进入。 Open this page through the file that `landopt serve` names.")));
    return;
  }
  await speak(firstLanguage());
  now.state = await get("/api/state");
  for (const job of now.state.jobs) now.jobs.set(job.job, job);
  await restore();
  addEventListener("popstate", () => restore().catch(trouble));
  listen(hear);
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}
begin().catch((e) => { main.replaceChildren(h("div", { class: "page" }, h("p", {}, e.message))); });
