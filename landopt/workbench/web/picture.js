/* Map and table of the same parcels; what is clicked in one is marked in the other and told on the sheet. */
import { post } from "./net.js";
import { both, button, group, h, hectares, lang, own, t, tell, trouble, word } from "./say.js";
import { about, now, planKey, planLine, readOnly } from "./main.js";
import * as sheet from "./sheet.js";

let moved = [], following = false; // the numbers that sliders say now, and whether the core is being asked for them
let held = null; // { mark, data, built, box, ... } of the picture shown
let mode = "map", core = null, within = "", sort = ["id", 1], shownRows = 200, off = new Set();
export const chosen = { parcel: null };

/* What is to be shown is read first; then map and table move to their new place in one go, so that nothing flickers. */
export async function load() {
  const key = planKey(), mark = JSON.stringify([now.room.name, key, key ? planLine(key).stamp : now.room.filed]);
  if (!held || held.mark !== mark) {
    let found;
    try {
      found = key ? await about("picture") : await post("/api/ask/round/outline", [now.room.name], {});
    } catch (e) {
      drop();
      return () => [h("div", { class: "page" }, h("p", {}, t("picture.none")), ...(e.issues || []).slice(0, 8).map((i) => h("p", {}, h("b", {}, i.code), " ", both({ en: i.en.what, zh: i.zh.what }))))];
    }
    const data = await landoptDecode.unpack(found.map);
    drop();
    held = make(mark, data);
    core = null; moved = []; off = new Set();
    if (within && key) setCore(within).catch(trouble); // what was chosen stays chosen with the next plan
    if (!held.at.has(chosen.parcel)) chosen.parcel = null;
  }
  return () => [toolbar(), held.box];
}
export function shown() {
  if (!held) return;
  held.built.map.invalidateSize({ animate: false });
  fitFirst();
  paint();
}
function drop() { held?.built.map.remove(); held = null; }
const wholeMap = () => held.built.map.fitBounds(held.built.all, { paddingTopLeft: [20, 20], paddingBottomRight: [20, 40], animate: false });
/* Once, and only when the map is seen: before that it has no size. */
function fitFirst() {
  if (held.fitted || !held.map.offsetWidth || !document.getElementById("view").contains(held.map)) return;
  held.built.map.invalidateSize({ animate: false });
  wholeMap();
  held.fitted = true;
}
function make(mark, data) {
  const map = h("div", { class: "map", id: "map" }), table = h("div", { class: "table", id: "table", tabindex: 0, "aria-label": t("picture.table") });
  const legend = h("ul", { class: "legend", id: "legend", "aria-label": t("picture.legend") });
  const box = h("div", { class: "picture" }, map, legend, table);
  document.body.append(box); // Leaflet measures the element it is given
  const made = { mark, data, box, map, table, legend, at: new Map(data.head.ids.map((id, i) => [id, i])) };
  made.built = landoptMap.build(map, data, (i, from) => {
    if (from === "zoom") { tell(h("p", {}, t("picture.zoomed"))); return; }
    select(data.head.ids[i]);
  }, (i) => h("div", {}, h("b", {}, data.head.ids[i] + " " + own(data.head.names[i])), h("br"), methodName(methodOf(i)) + " · " + hectares(data.columns.area[i])));
  return made;
}
const methodOf = (i) => (held.data.columns.method[i] < 0 ? "held" : held.data.head.methods[held.data.columns.method[i]]);
const named = (subject, code) => both(held.data.head.words?.[subject]?.[code]) || word(`${subject}.${code}`) || code;
const methodName = (m) => (m === "held" ? t(planKey() ? "held" : "undecided") : named("method", m));
export const demandOf = (id) => { const d = held?.data.columns.demand[held.at.get(id)]; return d >= 0 ? held.data.head.platforms[d].id : null; };
export const methodIds = () => held?.data.head.methods || [];
export const methodWord = (m) => (held ? methodName(m) : m);
export const isHeld = (id) => methodOf(held.at.get(id)) === "held";
export const platforms = () => held?.data.head.platforms || [];
export function factsOf(id) {
  const i = held.at.get(id), c = held.data.columns, head = held.data.head;
  return [[t("column.method"), methodName(methodOf(i))], [t("column.platform"), c.demand[i] >= 0 ? head.platforms[c.demand[i]].id + " " + own(head.platforms[c.demand[i]].name) : methodOf(i) === "held" ? "" : t("market")],
    [t("column.area"), hectares(c.area[i])], [t("column.use"), named("use", head.uses[c.use[i]])], [t("column.district"), head.districts[c.district[i]]],
    [t("column.verdict"), c.verdict[i] >= 0 ? named("verdict", ["permit", "warn", "condition", "forbid"][c.verdict[i]]) : ""], [t("column.term"), c.term[i] > 0 ? t("years", { count: c.term[i] }) : ""],
    [t("column.price"), c.price[i] > 0 ? t("yuan", { amount: group(c.price[i]) }) : ""]].filter((row) => row[1]);
}
export function nameOf(id) { const i = held?.at.get(id); return i === undefined ? id : id + " " + own(held.data.head.names[i]); }

export function select(id, fly = false) {
  chosen.parcel = id; chosen.platform = null;
  paint();
  if (fly && held) flyTo(held.built.layers[held.at.get(id)].getBounds().pad(2.5));
  sheet.draw(document.getElementById("sheet")).catch(trouble);
}
/* A map that is not seen has no size to fit anything into: it is fitted when it is shown. */
function flyTo(bounds) {
  if (mode === "map" && held.map.offsetWidth) held.built.map.fitBounds(bounds, { maxZoom: 1, animate: false }); else held.later = bounds;
}
export function clear() { chosen.parcel = null; chosen.platform = null; paint(); sheet.draw(document.getElementById("sheet")).catch(trouble); }

const text = () => (document.getElementById("find")?.value || "").trim().toLowerCase();
function passes(i) {
  if (off.has(methodOf(i))) return false;
  const find = text();
  if (!find) return true;
  const d = held.data.columns.demand[i], p = d >= 0 ? held.data.head.platforms[d] : null;
  return `${held.data.head.ids[i]} ${held.data.head.names[i] || ""} ${p ? p.id + " " + p.name : ""} ${methodName(methodOf(i))} ${held.data.head.districts[held.data.columns.district[i]]}`.toLowerCase().includes(find);
}
function paint() {
  if (!held) return;
  const { built, data } = held, at = held.at.get(chosen.parcel), some = Boolean(core && !core.empty && Object.keys(core.parcels).length);
  for (let i = 0; i < built.layers.length; i++) {
    const o = built.layers[i].options, state = core && !core.empty ? core.parcels[data.head.ids[i]] : undefined;
    o.faded = !passes(i);
    o.grey = some && !state; // where nothing is proven, the methods stay to be seen
    o.weight = i === at ? 4 : state ? 2.2 : 0.8;
    o.strong = i === at || Boolean(state);
    o.color = i === at ? "#000" : state === "out" ? "#8a3b12" : state ? "#0b3d66" : "#3c4654";
    o.dash = state === "out" ? [3, 3] : null;
  }
  if (at !== undefined) built.layers[at].bringToFront();
  built.map.options.renderer._redrawBounds = null;
  built.map.options.renderer._redraw();
  legend(); table();
}
function legend() {
  const tally = new Map(), { data } = held;
  for (let i = 0; i < data.head.ids.length; i++) { const m = methodOf(i), n = tally.get(m) || [0, 0]; n[0]++; n[1] += data.columns.area[i]; tally.set(m, n); }
  held.legend.replaceChildren(...[...data.head.methods, "held"].filter((m) => tally.has(m)).map((m) => h("li", {},
    h("button", { type: "button", "aria-pressed": String(!off.has(m)), "data-method": m, onclick: () => { off.has(m) ? off.delete(m) : off.add(m); paint(); } },
      landoptMap.swatch(m), h("span", {}, methodName(m)), h("span", { class: "n" }, `${group(tally.get(m)[0])} · ${hectares(tally.get(m)[1])}`)))));
}
const COLUMNS = [["id", (i) => held.data.head.ids[i]], ["name", (i) => own(held.data.head.names[i])], ["method", (i) => methodName(methodOf(i))],
  ["platform", (i) => { const d = held.data.columns.demand[i]; return d >= 0 ? held.data.head.platforms[d].id + " " + own(held.data.head.platforms[d].name) : ""; }],
  ["area", (i) => held.data.columns.area[i]], ["use", (i) => named("use", held.data.head.uses[held.data.columns.use[i]])], ["district", (i) => held.data.head.districts[held.data.columns.district[i]]], ["price", (i) => Math.max(0, held.data.columns.price[i])]];
function table() {
  if (mode !== "table") return;
  const rows = [...held.at.values()].filter(passes), read = Object.fromEntries(COLUMNS)[sort[0]];
  rows.sort((a, b) => { const x = read(a), y = read(b); return (typeof x === "number" ? x - y : String(x).localeCompare(String(y), lang())) * sort[1]; });
  const cell = (name, i, value) => h("td", { class: { area: "n", price: "n", district: "whole" }[name] || "" }, name === "area" ? hectares(value) : name === "price" ? (value ? group(value) : "") : String(value).slice(0, 120));
  const columns = COLUMNS.filter(([name]) => name !== "name" || held.data.head.names.length);
  held.table.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, ...columns.map(([name]) => h("th", { scope: "col", "aria-sort": sort[0] === name ? (sort[1] > 0 ? "ascending" : "descending") : "none" },
    button(t("column." + name), () => { sort = [name, sort[0] === name ? -sort[1] : 1]; table(); }, { class: "quiet" }))))),
  h("tbody", {}, ...rows.slice(0, shownRows).map((i) => h("tr", { "data-parcel": held.data.head.ids[i], "aria-selected": String(held.data.head.ids[i] === chosen.parcel), tabindex: 0,
    onclick: () => select(held.data.head.ids[i], true), onkeydown: (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); select(held.data.head.ids[i], true); } else walk(e); } }, ...columns.map(([name, value]) => cell(name, i, value(i))))))),
  h("p", { class: "hint", id: "rows" }, t("picture.rows", { shown: Math.min(shownRows, rows.length), count: rows.length }), " ", rows.length > shownRows ? button(t("picture.more"), () => { shownRows += 500; table(); }) : ""));
}
function walk(e) {
  const way = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[e.key], next = way && e.currentTarget[way];
  if (next) { e.preventDefault(); next.focus(); }
}
function toolbar() {
  const view = (name) => button(t("picture." + name), () => setMode(name), { "aria-pressed": String(mode === name), "data-mode": name, id: "mode-" + name });
  const find = h("input", { type: "search", id: "find", placeholder: t("picture.find"), "aria-label": t("picture.find"), autocomplete: "off", spellcheck: "false" });
  let typing;
  find.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(paint, 120); });
  find.addEventListener("keydown", (e) => { if (e.key === "Enter") { const i = [...held.at.values()].find(passes); if (i !== undefined) select(held.data.head.ids[i], true); } });
  const choice = h("select", { id: "within", "aria-label": t("core.title"), onchange: () => { within = choice.value; recore(); } }, h("option", { value: "" }, t("core.off")), ...["0%", "0.01%", "0.1%", "0.5%", "1%", "2%"].map((w) => h("option", { value: w, selected: within === w }, t("core.within", { loss: w }))));
  setTimeout(() => setMode(mode));
  return h("div", { class: "tools" }, h("div", { class: "row", role: "group" }, view("map"), view("table")), find, planKey() ? choice : "", button(t("picture.whole"), () => { clear(); wholeMap(); }, { class: "quiet", id: "whole" }), button(t("print"), () => window.print(), { class: "quiet" }), h("span", { id: "core-said", role: "status" }, coreSaid()));
}
function setMode(name) {
  mode = name;
  if (!held) return;
  held.map.hidden = mode !== "map"; held.table.hidden = mode !== "table";
  for (const b of document.querySelectorAll("[data-mode]")) b.setAttribute("aria-pressed", String(b.dataset.mode === mode));
  if (mode === "map") {
    held.built.map.invalidateSize({ animate: false });
    fitFirst();
    if (held.later) { flyTo(held.later); held.later = null; }
  }
  paint();
}
async function setCore(asked) {
  const before = held, found = asked ? await about("core", { within: asked }) : null;
  if (asked && !readOnly()) about("core", { within: asked, sets: [] }).catch(() => {}); // who answers for sliders has the proof read before one moves
  if (held !== before || within !== asked || (asked && moved.length)) return; // what counts now was asked for meanwhile
  showCore(found);
}
function showCore(found) {
  core = found;
  const said = document.getElementById("core-said");
  if (said) said.textContent = coreSaid();
  paint();
}
/* While a slider moves the core follows: one question at a time, the last numbers count. */
export function follow(sets) {
  const before = JSON.stringify(moved);
  moved = sets;
  if (!within || !planKey() || JSON.stringify(sets) === before) return;
  recore();
}
function recore() {
  if (!moved.length || !within) { setCore(within).catch(trouble); return; }
  if (!following) { following = true; chase().finally(() => { following = false; }); }
}
async function chase() {
  for (let shownFor = null; moved.length && within && shownFor !== JSON.stringify([moved, within]);) {
    shownFor = JSON.stringify([moved, within]);
    const before = held, begun = performance.now();
    let found;
    try { found = await post("/api/ask/plan/core", [now.room.name], { plan: planKey(), within, sets: moved }); } catch (e) { if (e.name !== "AbortError") showCore({ parcels: {}, problem: e.issues?.[0]?.[lang()]?.what || e.message }); return; }
    if (held !== before || !moved.length) return;
    showCore({ ...found, moved: true });
    document.getElementById("core-said").dataset.ms = String(Math.round(performance.now() - begun));
  }
}
function coreSaid() {
  if (!core) return "";
  if (core.problem) return core.problem;
  if (core.unsaid) return t("core.unsaid");
  if (core.empty) return t("core.empty");
  const all = Object.values(core.parcels), count = (s) => all.filter((x) => x === s).length;
  if (!all.length && core.moved) return t("core.nothing");
  const said = t("core.said", { core: count("core"), supplied: count("supplied"), out: count("out") });
  return core.moved ? t(core.holds ? "core.moved" : "core.moved-broken", { said }) : said;
}
/* What would not hold any more: the sites whose offer is gone. */
export function broken(found) {
  held?.box.classList.toggle("broken", Boolean(found && !found.holds));
}
