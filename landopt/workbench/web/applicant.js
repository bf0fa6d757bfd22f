/* A late applicant, a platform without a site: where it could go, what it takes, as ranked lists with what to do. */
import { post, upload } from "./net.js";
import { ask, both, button, h, iAm, lang, prose, signed, t, tell, trouble, who, word } from "./say.js";
import { fileInput } from "./inputs.js";
import { planKey, readOnly, step, tab, work } from "./main.js";
import { methodWord } from "./picture.js";

let fields = null;

/* The facts of an applicant nobody has filed: those that must be there first, the others below. */
export async function late() {
  fields = fields || (await post("/api/ask/applicant", [], {})).fields;
  const given = await ask(t("late.head"), [{ name: "demand", label: t("late.id"), required: true, value: "NEW-1", most: 60 }, ...fields.map((f) => ({
    name: f.field, label: both(f.title) + (f.unit ? " (" + (word("unit." + f.unit) || f.unit) + ")" : ""), required: f.required, more: !f.required,
    options: f.type === "bool" ? [["", t("late.unsaid")], ["true", t("yes")], ["false", t("no")]] : f.choices.length ? [...(f.required ? [] : [["", t("late.unsaid")]]), ...f.choices.map((c) => [c.value, both(c)])] : null,
    multiple: f.type === "codes" || f.type === "ids" }))], t("late.go"), { more: t("late.more") });
  if (!given) return;
  const { demand, ...facts } = given;
  await work("/api/ask/start/place", { plan: planKey(), demand, facts: Object.fromEntries(Object.entries(facts).filter(([, v]) => v)) });
}
export function lateFile() {
  return fileInput("late-file", t("late.file"), async (file) => {
    if (!file) return;
    try { await work("/api/ask/start/place", { plan: planKey(), file: await upload("/api/upload/file", [], file) }); } catch (e) { trouble(e); }
  }, t("late.file"));
}
const interval = (v) => (Array.isArray(v) ? (v[0] === v[1] && v[0] !== null ? signed(v[0]) : t("place.between", { least: v[0] === null ? "?" : signed(v[0]), most: v[1] === null ? "?" : signed(v[1]) })) : signed(v));
const site = (s) => s.parcel_ids.join("+") + " " + methodWord(s.method) + (s.period ? " " + s.period : "");

/* Sites and methods for a platform: the rest held, one other moved, all free; each can be fixed where the platform is filed. */
export function placed(found) {
  const group = (mode) => {
    const mine = found.choices.filter((c) => c.mode === mode);
    return [h("h4", {}, t("place.m-" + mode)), mine.length ? h("table", { class: "ways", "data-mode": mode }, h("tbody", {}, mine.slice(0, 12).map((c, i) => h("tr", {}, h("td", { class: "n" }, i + 1), h("td", {}, h("b", {}, c.parcel_ids.join("+")), " ", methodWord(c.method), c.period ? " " + c.period : "", h("small", {}, " ", word("verdict." + c.verdict) || c.verdict), c.moved ? h("small", { class: "moved-to" }, t("place.moves", { who: c.moved.demand_id || t("market"), to: c.moved.to ? site(c.moved.to) : t("place.withdrawn") })) : ""),
      h("td", { class: "n" }, interval(c.score_change)), h("td", { class: "tools" }, found.late || readOnly() ? "" : button(t("sheet.fix"), () => fix(found.demand_id, c).catch(trouble), { class: "quiet", "data-place": c.parcel_ids.join("+") })))))) : h("p", { class: "hint" }, t("place.none")),
    mine.length > 12 ? h("p", { class: "hint" }, t("place.more", { count: mine.length - 12 })) : ""];
  };
  const out = found.turned_unlawful.map((u) => h("li", {}, (u.demand_id || t("market")) + " " + site(u) + ": " + (word("verdict." + u.verdict) || u.verdict)));
  return h("div", { id: "placed" }, out.length ? [h("p", { class: "stale" }, t("place.unlawful", { who: found.demand_id })), h("ul", { class: "plain" }, out)] : "", found.offers ? ["held", "one_moved", "free"].map(group) : h("p", { class: "hint" }, t("place.lawless")), found.late ? file(found) : "");
}
/* Filing: the applicant goes into a scenario with reason and name, as a step that can be undone; the file of platforms stays as it is. */
function file(found) {
  const own = tab()?.adds[found.demand_id];
  return h("div", { class: "row" }, readOnly() ? "" : own ? h("span", { class: "badge good", id: "late-filed" }, t("late.filed", { demand: found.demand_id })) : button(t("late.file-it"), () => enter(found).catch(trouble), { id: "late-enter", class: "go" }), h("span", { class: "hint" }, t("late.note")));
}
async function enter(found) {
  const given = await ask(t("late.file-head", { demand: found.demand_id }), [{ name: "text", text: t("late.file-text") }, { name: "reason", label: t("reason"), required: true, most: 500 }, { name: "by", label: t("by"), required: true, value: who(), most: 80 }], t("late.file-it"));
  if (!given) return;
  iAm(given.by);
  await step({ do: "add", demand: found.demand_id, facts: found.facts, reason: given.reason, by: given.by });
  tell(h("p", {}, t("late.done", { demand: found.demand_id })));
}
/* The applicants a scenario has filed, each with its reason and name. */
export function filed() {
  const all = Object.entries(tab()?.adds || {});
  return all.length ? [h("h3", {}, t("late.filed-head")), h("ul", { class: "plain", id: "filed" }, all.map(([id, a]) => h("li", {}, h("b", {}, id), " ", a.facts.name || "", " ", h("q", {}, a.reason), " ", h("small", {}, a.by), " ", readOnly() ? "" : button(t("late.unfile"), () => step({ do: "unadd", demand: id, by: who() }).catch(trouble), { class: "quiet", "data-unadd": id }))))] : "";
}
async function fix(demand, choice) {
  const given = await ask(t("fix.head", { parcel: choice.parcel_ids.join("+"), method: methodWord(choice.method) }) + " → " + demand, [{ name: "reason", label: t("reason"), required: true, most: 500 }, { name: "by", label: t("by"), required: true, value: who(), most: 80 }], t("sheet.fix"));
  if (!given) return;
  iAm(given.by);
  await step({ do: "fix", site: choice.parcel_ids.join("+"), method: choice.method, demand, reason: given.reason, by: given.by });
  tell(h("p", {}, t("fix.done")));
}
/* Ways to serve a platform, the cheapest first; a number of the round's policy can be tried at once. */
export function ways(found, head) {
  const settable = new Set(head.rules.filter((r) => r.settable).map((r) => r.id));
  return h("div", { id: "served" }, found.changes.length ? h("ol", { class: "ways-to" }, found.changes.map((c) => {
    const numbers = setsOf(c, settable);
    return h("li", {}, h("span", {}, named(c, head)), " ", h("b", {}, loss(c.loss)), c.losers.length ? h("small", {}, t("serve.losers", { who: c.losers.join(", ") })) : "",
      numbers && !readOnly() ? button(t("serve.try"), () => attempt(found.demand_id, numbers).catch(trouble), { class: "quiet", "data-try": c.what }) : "");
  })) : "", h("details", { id: "serve-words", open: !found.changes.length }, h("summary", {}, t("compare.words")), prose(found.text[lang()])));
}
const loss = ([least, most]) => (most === null ? t("serve.open") : least === most ? (most <= 0 ? t("serve.free") : t("serve.loss", { loss: signed(-most) })) : t("place.between", { least: signed(-most), most: least === null ? "?" : signed(-least) }));
/* RULE[key]:amount = number, one or two of them; null where it is no number of the policy. */
function setsOf(c, settable) {
  const parts = c.what.split(" + "), to = Array.isArray(c.to) ? c.to : [c.to], found = [];
  for (const [i, part] of parts.entries()) {
    const m = /^([\w.-]+)(?:\[([^\]]*)\])?:(amount|share)$/.exec(part);
    if (!m || !settable.has(m[1]) || to[i] === null || to[i] === undefined) return null;
    found.push({ do: "set", rule: m[1], key: m[2] ? m[2].split(",") : [], what: m[3], value: String(to[i]) });
  }
  return found;
}
function named(c, head) {
  if (c.what === "force" || c.what === "rearrange") return t("serve." + c.what);
  const titles = new Map(head.rules.map((r) => [r.id, both(r.title)])), from = Array.isArray(c.from) ? c.from : [c.from], to = Array.isArray(c.to) ? c.to : [c.to];
  const said = (v) => (v === null || v === undefined ? t("law.unknown") : typeof v === "object" ? Object.entries(v).map(([k, x]) => (word("field." + k) || k) + " " + x).join(", ") : typeof v === "boolean" ? t(v ? "yes" : "no") : String(v));
  return c.what.split(" + ").map((part, i) => {
    const m = /^([\w.-]+)(\[[^\]]*\])?:(\w+)$/.exec(part), of = m && titles.get(m[1]);
    const what = of ? of + (m[2] || "") : m && (m[3] === "ready" || m[3] === "divide") ? t("serve." + m[3], { parcel: m[1] }) : m ? m[1] + ": " + (word("field." + m[3]) || m[3]) : part;
    return `${what} ${said(from[i])} → ${said(to[i])}`;
  }).join(" + ");
}
async function attempt(demand, numbers) {
  const given = await ask(t("serve.try"), [{ name: "reason", label: t("reason"), required: true, value: t("serve.reason", { demand }), most: 500 }, { name: "by", label: t("by"), required: true, value: who(), most: 80 }]);
  if (!given) return;
  iAm(given.by);
  for (const one of numbers) await step({ ...one, ...given });
}

