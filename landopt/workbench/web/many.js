/* Fronts of compromises and stress of the plan on the right of the comparison: pictures with their numbers. */
import { post } from "./net.js";
import { both, button, field, finding, h, lang, points, prose, t, tell, trouble, typed } from "./say.js";
import { about, jobsOf, now, work } from "./main.js";

let between = ["served", "revenue"], count = 5, draws = 20, own = true, vary = { area: "10", price: "10", budget: "10", drop_out: "8", failed_sale: "10" };
let place = null;

export function draw(key) {
  place = { key, front: h("div", { id: "front-said", role: "status" }), stress: h("div", { id: "stress-said", role: "status" }) };
  job();
  return h("div", { class: "two" }, front(), stress());
}
function front() {
  const box = h("div", { class: "row" });
  about("head", {}, place.key).then((head) => {
    const parts = [["served", t("many.served")], ["revenue", t("many.revenue")], ["area", t("many.area")], ["kept", t("many.kept")], ["fairness:district", t("many.fair-district")], ["fairness:platform_kind", t("many.fair-kind")], ...head.rules.filter((r) => r.kind === "preference").map((r) => [r.id, both(r.title)])];
    const list = (i) => { const s = h("select", { id: "front-" + i, "aria-label": t("many.between") }, parts.map(([value, text]) => h("option", { value, selected: value === between[i] }, text))); s.addEventListener("change", () => { between[i] = s.value; }); return s; };
    box.replaceChildren(list(0), h("span", {}, "↔"), list(1), button(t("many.front-go"), () => start("front", { between, count }), { class: "go", id: "front-go" }));
  }).catch(trouble);
  return h("section", { class: "panel" }, h("h3", {}, t("many.front")), h("p", { class: "hint" }, t("many.front-hint")), box, place.front);
}
function stress() {
  const has = Boolean(now.room.stress), number = (name) => field(t("many.v-" + name), h("input", { type: "number", min: 0, max: 99, step: 1, value: vary[name], name, oninput: (e) => { vary[name] = e.target.value; } }));
  const form = h("div", { class: "grid-form", hidden: has && own }, ["area", "price", "budget", "drop_out", "failed_sale"].map(number));
  const use = h("label", {}, h("input", { type: "checkbox", checked: own, onchange: (e) => { own = e.target.checked; form.hidden = own; } }), " ", t("many.own"));
  return h("section", { class: "panel" }, h("h3", {}, t("many.stress")), h("p", { class: "hint" }, t("many.stress-hint")), has ? use : "", form, h("div", { class: "row" }, field(t("many.draws"), h("input", { type: "number", min: 1, max: 1000, value: draws, id: "draws", oninput: (e) => { draws = Number(e.target.value); } })), button(t("many.stress-go"), () => start("stress", { draws, own: has && own, ...vary }), { class: "go", id: "stress-go" })), place.stress);
}
async function start(what, body) { try { await work("/api/ask/start/" + what, { ...body, plan: place.key }); } catch (e) { trouble(e); } }
export function job() {
  if (!place) return;
  for (const [what, show] of [["front", fronted], ["stress", stressed]]) {
    const last = jobsOf(what, place.key).at(-1);
    if (!last) continue;
    const line = last.lines[last.lines.length - 1];
    place[what].replaceChildren(...(last.state === "running" ? [h("div", { class: "row" }, h("span", { class: "busyline" }, line ? line[lang()] || line.en : t("solve.running")), button(t("solve.stop"), () => post("/api/ask/stop", [], { job: last.job }).catch(trouble), { class: "quiet" }))]
      : last.state === "done" ? show(last.answer) : last.state === "stopped" ? [h("p", { class: "hint" }, t("sheet.stopped"))] : (last.answer.issues || []).map(finding)), typed(last.typed));
  }
}
function fronted(found) {
  const table = found.table[lang()], image = h("img", { class: "front", alt: t("many.front"), src: "data:image/svg+xml;charset=utf-8," + encodeURIComponent(found.svg[lang()]) });
  return [image, h("table", { class: "grid", id: "front-table" }, h("thead", {}, h("tr", {}, ["#", ...table.titles, t("compare.c-gap"), t("many.proved")].map((c) => h("th", { scope: "col" }, c)))),
    h("tbody", {}, table.rows.map((r) => h("tr", {}, h("th", { scope: "row" }, r.name), r.values.map((v) => h("td", {}, v)), h("td", {}, r.gap), h("td", {}, t(r.proved ? "yes" : "no")))), h("tr", { class: "changed" }, h("th", { scope: "row" }, t("many.present")), table.present.map((v) => h("td", {}, v)), h("td", {}), h("td", {})))),
  h("details", { id: "front-words" }, h("summary", {}, t("compare.words")), prose(found.text[lang()]))];
}
/* How often each thing survives: a bar with its number; the least sure first. */
function bars(id, rows, name) {
  return h("table", { class: "grid bars", id }, h("tbody", {}, rows.map((r) => h("tr", {}, h("th", { scope: "row" }, name(r)), h("td", {}, h("meter", { min: 0, max: r.of || 1, value: r.survives, "aria-label": name(r) })), h("td", { class: "n" }, `${r.survives} / ${r.of}`)))));
}
function stressed(found) {
  const s = found.score;
  return [h("p", {}, t("many.holds", { survives: found.holds.survives, of: found.holds.of })), s.mean === null ? "" : h("p", {}, t("many.score", { today: points(s.today), mean: points(s.mean), worst: points(s.worst) })),
    h("h4", {}, t("many.fragile")), bars("stress-platforms", found.platforms.slice(0, 15), (r) => r.demand_id), bars("stress-choices", found.choices.slice(0, 25), (r) => r.parcel_ids.join("+") + " · " + t("method." + r.method) + " · " + (r.demand_id || t("market"))),
    h("details", { id: "stress-words" }, h("summary", {}, t("compare.words")), prose(found.text[lang()]))];
}
