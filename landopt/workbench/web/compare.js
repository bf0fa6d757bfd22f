/* Two plans side by side: scores, what moved, which rule or number moved it. */
import { button, h, hectares, lang, percent, points, prose, t, trouble } from "./say.js";
import { about, now, planKey, planLine } from "./main.js";
import * as many from "./many.js";

let left = null, right = null;
let swiped = { pair: "", at: "50" };  // which two lie over each other, and where the cut is: a new drawing keeps it
const pair = () => JSON.stringify([now.room?.name, left, right]);
export const drawn = () => { if (swiped.pair === pair() && document.getElementById("swipe")) swipe().catch(trouble); };
const label = (p) => (p.key === "plan" ? t("scenario.base") : p.key.startsWith("s:") ? p.key.slice(2) : p.id) + (p.adopted?.length ? " ✓" : "");

export async function draw() {
  const plans = now.room.plans.filter((p) => !p.torn);
  if (!plans.length) return h("div", { class: "page" }, h("h2", {}, t("compare.title")), h("p", { class: "hint" }, t("plan.none")));
  if (plans.length < 2) return h("div", { class: "page wide" }, h("h2", {}, t("compare.title")), h("p", { class: "hint" }, t("compare.few")), many.draw(plans[0].key));
  const keys = plans.map((p) => p.key);
  if (!keys.includes(left)) left = keys[0];
  if (!keys.includes(right) || right === left) right = planKey() && planKey() !== left ? planKey() : keys.find((k) => k !== left);
  const choice = (id, value, set) => { const s = h("select", { id, "aria-label": t("compare." + id) }, plans.map((p) => h("option", { value: p.key, selected: p.key === value }, label(p)))); s.addEventListener("change", () => { set(s.value); redraw().catch(trouble); }); return s; };
  const body = h("div", { id: "diff" }, h("p", { class: "hint" }, t("loading")));
  const box = h("div", { class: "page wide" }, h("h2", {}, t("compare.title")),
    h("div", { class: "row" }, choice("from", left, (v) => { left = v; }), h("span", {}, "→"), choice("to", right, (v) => { right = v; })), scores(plans),
    h("div", { class: "row" }, button(t("compare.swipe"), () => swipe().catch(trouble), { id: "swipe-go" })), h("div", { id: "swipe" }), body, many.draw(right));
  const redraw = async () => { body.replaceChildren(...await diff()); if (swiped.pair !== pair()) document.getElementById("swipe")?.replaceChildren(); };
  await redraw();
  return box;
}
function scores(plans) {
  return h("table", { class: "grid", id: "plans" }, h("thead", {}, h("tr", {}, ["plan", "score", "gap", "supplied", "held", "unserved", "state"].map((c) => h("th", { scope: "col", class: ["plan", "state"].includes(c) ? null : "n" }, t("compare.c-" + c))))),
    h("tbody", {}, plans.map((p) => h("tr", {}, h("th", { scope: "row" }, label(p), h("small", {}, p.id)), h("td", { class: "n" }, points(p.objective)), h("td", { class: "n" }, Number(p.gap) === 0 ? t("plan.proven") : percent(p.gap)),
      h("td", { class: "n" }, p.supplied), h("td", { class: "n" }, p.held), h("td", { class: "n" }, p.unserved), h("td", {}, p.adopted?.length ? t("plan.adopted", { document: p.adopted[0].document }) : "")))));
}
/* Two maps over each other: the slider says how much of the second covers the first. */
async function swipe() {
  const place = document.getElementById("swipe"), found = await Promise.all([left, right].map((key) => about("picture", {}, key)));
  const data = await Promise.all(found.map((f) => landoptDecode.unpack(f.map)));
  const under = h("div", { class: "map" }), over = h("div", { class: "map over", "aria-hidden": "true" }), edge = h("div", { class: "edge", "aria-hidden": "true" });
  const range = h("input", { type: "range", id: "swipe-at", min: 0, max: 100, value: swiped.pair === pair() ? swiped.at : "50", "aria-label": t("compare.swipe") });
  place.replaceChildren(h("div", { class: "row" }, h("b", {}, name(left)), range, h("b", {}, name(right))), h("div", { class: "swipe" }, under, over, edge));
  const say = (d) => (i) => h("div", {}, h("b", {}, d.head.ids[i]), " ", d.columns.method[i] < 0 ? t("held") : t("method." + d.head.methods[d.columns.method[i]]));
  const [below, above] = [under, over].map((e, n) => landoptMap.build(e, data[n], () => {}, say(data[n])));
  const follow = () => above.map.setView(below.map.getCenter(), below.map.getZoom(), { animate: false });
  below.map.on("move zoomend", follow);
  const cut = () => { over.style.clipPath = `inset(0 0 0 ${range.value}%)`; edge.style.left = range.value + "%"; swiped = { pair: pair(), at: range.value }; };
  range.addEventListener("input", cut);
  cut(); follow();
}
export const job = (each) => { if (each.what === "front" || each.what === "stress") many.job(); };
const name = (key) => { const line = planLine(key); return line ? label(line) : ""; };
async function diff() {
  if (left === right) return [h("p", { class: "hint" }, t("compare.same"))];
  const found = await about("diff", { other: left }, right);
  const choiceOf = (c) => (c ? t("method." + c.method) + (c.demand_id ? " " + c.demand_id : "") + (c.period ? " " + c.period : "") : t("held"));
  const rows = found.parcels.slice(0, 300);
  return [h("h3", {}, t("compare.causes")), found.changes.length ? h("table", { class: "grid" }, h("thead", {}, h("tr", {}, ["what", "field", "was", "now"].map((c) => h("th", { scope: "col" }, t("compare.c-" + c))))),
    h("tbody", {}, found.changes.map((c) => h("tr", {}, h("th", { scope: "row" }, c.said[lang()].what), h("td", {}, c.said[lang()].field), h("td", {}, short(c.said[lang()].was)), h("td", {}, short(c.said[lang()].now)))))) : h("p", { class: "hint" }, t("compare.no-causes")),
  h("h3", {}, t("compare.moved", { count: found.parcels.length })), rows.length ? h("table", { class: "grid", id: "moves" }, h("thead", {}, h("tr", {}, ["parcel", "area", "was", "now"].map((c) => h("th", { scope: "col", class: c === "area" ? "n" : null }, t("compare.c-" + c))))),
    h("tbody", {}, rows.map((r) => h("tr", {}, h("th", { scope: "row" }, r.parcel_id), h("td", { class: "n" }, hectares(r.area_m2)), h("td", {}, choiceOf(r.was)), h("td", {}, choiceOf(r.now)))))) : "",
  found.parcels.length > rows.length ? h("p", { class: "hint" }, t("picture.rows", { shown: rows.length, count: found.parcels.length })) : "",
  h("details", {}, h("summary", {}, t("compare.words")), prose(found.text[lang()])), button(t("print"), () => window.print(), { class: "quiet" })];
}
const short = (text) => (text.length > 160 ? text.slice(0, 157) + "…" : text);
