/* The policy as sentences with fields: what is changed goes into the scenario's history, checked by the loader of the rules. */
import { post } from "./net.js";
import { ask, both, button, finding, group, h, iAm, keyWords, own as inLang, t, tell, trouble, who, word } from "./say.js";
import { about, choose, measured, now, planKey, readOnly, refresh, step, tab } from "./main.js";

let open = null;

export async function draw() {
  const own = tab(), changed = own?.rules || {}, filed = now.room.policy;
  const rules = [...filed.map((r) => changed[r.id] || r), ...Object.values(changed).filter((r) => !filed.some((f) => f.id === r.id))];
  const binding = new Map();
  if (planKey()) for (const l of (await about("head")).limits) if (l.binding) binding.set(l.rule, l);
  const toml = own ? own.toml : "";
  return h("div", { class: "page wide" },
    h("h2", {}, t("policy.title")), h("p", { class: "hint" }, own ? t("policy.scenario", { name: own.name }) : t("policy.filed")),
    readOnly() ? "" : h("p", {}, button(t("policy.add"), () => edit(null).catch(trouble), { id: "rule-add" })),
    h("ul", { class: "rules" }, rules.map((r) => line(r, own, filed.some((f) => f.id === r.id), Boolean(changed[r.id]), binding.get(r.id)))),
    own && !readOnly() && (Object.keys(changed).length || Object.keys(own.sets).length) ? h("section", { class: "panel" }, h("p", { class: "hint" }, t("policy.take-hint")), button(t("policy.take"), () => take().catch(trouble), { id: "take" })) : "",
    own ? h("details", { id: "toml" }, h("summary", {}, t("policy.toml")), h("pre", { tabindex: 0 }, toml)) : "");
}
async function take() {
  const sure = await ask(t("policy.take"), [{ name: "x", text: t("policy.take-sure", { name: now.scenario }) }], t("policy.take"));
  if (!sure) return;
  const done = await post("/api/do/policy", [now.room.name], { scenario: now.scenario });
  tell(h("p", {}, t("policy.taken", { files: done.files.join(", ") })));
  await choose("");
  await refresh();
}
const isOff = (rule) => Boolean(rule.until) && String(rule.until).slice(0, 10) <= now.room.as_of;
const title = (rule) => (typeof rule.title === "object" ? both(rule.title) : String(rule.title || rule.id));

function line(rule, own, filed, changed, bound) {
  const off = isOff(rule), toggle = h("input", { type: "checkbox", checked: !off, disabled: readOnly(), "aria-label": t("policy.on", { title: title(rule) }), "data-switch": rule.id });
  toggle.addEventListener("change", () => { const on = toggle.checked; toggle.checked = !on; turn(rule, on).catch(trouble); });
  const more = h("div", { class: "more", hidden: open !== rule.id });
  const expand = button(title(rule), () => { open = open === rule.id ? null : rule.id; more.hidden = open !== rule.id; expand.setAttribute("aria-expanded", String(!more.hidden)); }, { class: "link", "aria-expanded": String(open === rule.id), "data-rule": rule.id });
  more.append(h("p", {}, h("code", {}, rule.id), " · ", t("kind." + rule.kind), " · ", [rule.cite?.doc, rule.cite?.article, rule.cite?.number].filter(Boolean).map((x) => inLang(String(x))).join(" ")),
    rule.where || rule.when ? h("p", {}, t("policy.where"), " ", h("code", {}, rule.where || rule.when)) : "",
    readOnly() ? "" : h("div", { class: "row" }, button(t("policy.edit"), () => edit(rule).catch(trouble), { "data-edit": rule.id }), changed && own ? button(filed ? t("policy.revert") : t("policy.remove"), () => without(rule.id).catch(trouble)) : ""));
  return h("li", { class: (off ? "off" : "") + (changed ? " changed" : "") }, h("div", { class: "row" }, toggle, h("div", { class: "grow" }, expand, h("div", { class: "sentence" }, sentence(rule, own))), bound ? h("span", { class: "badge tight" }, t("limits.binding")) : "", changed ? h("span", { class: "badge" }, t("policy.changed")) : ""), more);
}
/* One sentence with its numbers as fields. */
function sentence(rule, own) {
  /* A number that was moved is kept in base units, as --set takes it, and shown in the unit that the policy is written in. */
  const number = (what, value, key = [], percent = false, unit = "") => {
    const [num, den] = now.room.units[unit], there = (base) => String((Number(base) * den) / num), base = (text) => String(Math.round((Number(text) * num) / den));
    const name = `${rule.id}${key.length ? `[${key.join(",")}]` : ""}:${what}`, set = own?.sets[name], shown = set === undefined ? String(value) : what === "amount" ? there(set) : set;
    const input = h("input", { type: "number", step: "any", min: what.startsWith("points") ? null : 0, value: percent ? String(Math.round(Number(shown) * 1e6) / 1e4) : shown, disabled: readOnly(), class: set !== undefined ? "moved" : "", "aria-label": title(rule) + " " + keyWords(rule, key).join(" "), "data-name": name });
    input.addEventListener("change", () => {
      if (input.value === "") return;
      const given = percent ? String(Math.round(Number(input.value) * 1e4) / 1e6) : what === "amount" ? base(input.value) : input.value;
      step({ do: "set", rule: rule.id, key, what, value: given, by: who() }).catch((e) => { input.value = shown; trouble(e); });
    });
    return input;
  };
  const before = (r) => [(r.used || []).map((u) => [" · ", t("policy.used"), " ", keyWords(r, u.key).join("·"), " ", group(u.amount), " ", unit(u.unit || r.values?.[0]?.unit)]), r.credit ? [" · ", t("policy.credit", { num: r.credit.num, den: r.credit.den }), " ", h("code", {}, r.credit.where || "")] : ""];
  const unit = (u) => measured(u, rule);
  if (rule.kind === "limit") {
    const sense = t(rule.sense === "<=" ? "limits.most" : "limits.least"), per = (rule.per || []).length ? t("policy.per", { fields: rule.per.map((f) => word("field." + f) || f).join(", ") }) : "";
    const soft = rule.penalty !== undefined ? h("span", {}, " · ", t("policy.soft"), " ", number("penalty", rule.penalty)) : "";
    const over = rule.across ? t("policy.across-" + rule.across, { fields: (rule.per || []).map((f) => word("field." + f) || f).join(", ") }) : "";
    if (over) return [over, " ", sense, " ", (rule.values || []).map((v) => [number("amount", v.amount, v.key || [], false, v.unit || ""), " ", unit(v.unit)]), soft];
    if (rule.share !== undefined) return [sense, " ", number("share", rule.share, [], true), " % ", per, soft];
    return [(rule.values || []).map((v, i) => [i ? t("policy.and") : "", (v.key || []).length ? keyWords(rule, v.key).join("·") + " " : "", sense, " ", number("amount", v.amount, v.key || [], false, v.unit || ""), " ", unit(v.unit)]), " ", per, before(rule), soft];
  }
  if (rule.kind === "preference") {
    const parts = ["points", "points_per_ha"].filter((n) => rule[n] !== undefined).map((n) => [number(n, rule[n]), " ", t("policy." + n), " "]);
    return [parts, (rule.methods || []).map((m) => t("method." + m)).join(t("policy.or"))];
  }
  if (rule.kind === "lock") return t("policy.lock", { parcels: (rule.parcels || []).join("+"), demand: rule.demand || t("market"), method: t("method." + rule.method), document: inLang(rule.document || "") });
  if (rule.kind === "relation") return t("relation." + rule.relation, { who: [...(rule.parcels || []), ...(rule.demands || [])].join(", ") });
  return rule.text ? both(rule.text) : "";
}
async function why(text) {
  const given = await ask(text, [{ name: "reason", label: t("reason"), required: true, most: 500 }, { name: "by", label: t("by"), required: true, value: who(), most: 80 }]);
  if (given) iAm(given.by);
  return given;
}
async function turn(rule, on) {
  const given = await why(t(on ? "policy.turn-on" : "policy.turn-off", { title: title(rule) }));
  if (!given) return;
  const { until, ...rest } = rule;
  await step({ do: "rule", rule: on ? rest : { ...rest, until: now.room.as_of }, ...given });
}
async function without(id) {
  const given = await why(t("policy.revert"));
  if (given) await step({ do: "without", id, ...given });
}
const TEMPLATE = (date) => `[[rule]]
id = "round.own.1"
kind = "limit"
title = { en = "", zh = "" }
cite = { doc = "", article = "", number = "", rank = 0, grade = "V1", source = "policy.toml" }
from = ${date}
where = "method in ['listing', 'auction', 'bid']"
measure = "count"
sense = "<="
values = [{ amount = 30, unit = "count" }]
`;
/* As TOML, both ways: what is typed is read by the loader; its findings are shown before anything is kept. */
async function edit(rule) {
  let text = rule ? await asToml(rule) : TEMPLATE(now.room.as_of), said = [], reason = "", by = who();
  for (;;) {
    const given = await ask(rule ? title(rule) : t("policy.add"), [...said.map((s, i) => ({ name: "s" + i, text: s })), { name: "toml", label: "TOML", long: true, value: text }, { name: "reason", label: t("reason"), required: true, value: reason }, { name: "by", label: t("by"), required: true, value: by, most: 80 }], t("policy.keep"));
    if (!given) return;
    ({ toml: text, reason, by } = given);
    try {
      const found = await post("/api/ask/round/overlay", [now.room.name], { toml: text });
      iAm(given.by);
      for (const one of found.rules) await step({ do: "rule", rule: one, reason: given.reason, by: given.by });
      if (found.issues.length) tell(...found.issues.slice(0, 4).map(finding));
      return;
    } catch (e) {
      if (!e.issues?.length) throw e;
      said = e.issues.map((i) => `${i.code} ${both({ en: i.en.what, zh: i.zh.what })} ${both({ en: i.en.where, zh: i.zh.where })}`);
    }
  }
}
async function asToml(rule) { return (await post("/api/ask/toml", [], { rule })).toml; }
