/* The rules of a date, one rule with its text and worked cases, and what changed between two dates. */
import { post } from "./net.js";
import { both, button, finding, h, lang, prose, t, trouble, typed, word } from "./say.js";

let listed = { date: "", rules: [] }, find = "", open = null, changed = null, place = null;

export function draw(date, other) {
  place = { list: h("div", { id: "rules-list" }), one: h("div", { id: "rule-said", role: "status", tabindex: -1 }), changes: h("div", { id: "changes-said", role: "status" }) };
  const input = h("input", { type: "search", id: "rule-find", value: find, "aria-label": t("rules.find"), placeholder: t("rules.find"), autocomplete: "off", spellcheck: "false" });
  let typing;
  input.addEventListener("input", () => { find = input.value; clearTimeout(typing); typing = setTimeout(list, 150); });
  const load = async () => { listed = { date: date(), ...(await post("/api/ask/law/rules", [], { as_of: date() })) }; list(); };
  const compare = async () => {
    const days = [date(), other()].filter(Boolean).sort();
    if (days.length < 2) { document.getElementById("law-other").focus(); place.changes.replaceChildren(h("p", { class: "bad" }, t("rules.two-dates"))); return; }
    place.changes.replaceChildren(h("p", { class: "busyline" }, t("loading")));
    changed = { days, ...(await post("/api/ask/law/changed", [], { as_of: days[0], other: days[1] })) };
    changes();
  };
  list(); changes();
  if (open) show(open, false).catch(trouble);
  return h("div", {}, h("section", { class: "panel", id: "rules" }, h("h3", {}, t("rules.title")), h("p", { class: "hint" }, t("rules.hint")), h("div", { class: "row" }, button(t("rules.load"), () => load().catch(trouble), { id: "rules-go", class: "go" }), input), h("div", { class: "rules-two" }, place.list, place.one)),
    h("section", { class: "panel", id: "changes" }, h("h3", {}, t("rules.changes")), h("p", { class: "hint" }, t("rules.changes-hint")), button(t("rules.compare"), () => compare().catch(trouble), { id: "changes-go", class: "go" }), place.changes));
}
function list() {
  const wanted = find.trim().toLowerCase(), mine = listed.rules.filter((r) => !wanted || `${r.id} ${both(r.title)} ${r.cite}`.toLowerCase().includes(wanted));
  place.list.replaceChildren(listed.date ? h("p", { class: "hint" }, t("rules.count", { count: mine.length, date: listed.date })) : "", !listed.date ? "" : h("ul", { class: "rules" }, mine.slice(0, 300).map((r) => h("li", {}, button(both(r.title), () => show(r.id).catch(trouble), { class: "link", "data-law": r.id, "aria-current": r.id === open ? "true" : null }), h("small", {}, [r.cite, t("kind." + r.kind), r.from + " –" + (r.until ? " " + r.until : "")].join(" · "))))));
}
/* One rule in full; its cases with what was told and what must come of it. */
export async function show(id, move = true) {
  open = id;
  place.one.replaceChildren(h("p", { class: "busyline" }, t("loading")));
  let found;
  try { found = await post("/api/ask/law/rule", [], { id }); } catch (e) { place.one.replaceChildren(...(e.issues || []).map(finding)); return; }
  const [first, ...rest] = found.text[lang()].split("\n");
  place.one.replaceChildren(h("h4", {}, first), ...linked(prose(rest.join("\n"))), h("h4", {}, t("rules.cases", { count: found.count })), found.cases.length ? h("ol", { class: "cases" }, found.cases.map((c) => h("li", {}, h("p", {}, h("b", {}, c.as_of), " ", c.facts.map((f) => f[lang()]).join("; ")), h("p", {}, c.silent ? t("rules.silent") + " " : "", Object.entries(c.expect).map(([m, v]) => (word("method." + m) || m) + ": " + (word("verdict." + v) || v)).join("; "), " ", h("span", { class: "badge " + (c.agrees ? "good" : "warn") }, t(c.agrees ? "rules.agrees" : "rules.differs")))))) : h("p", { class: "hint" }, t("rules.no-cases")), typed(`landopt rules show ${id}`));
  if (move) place.one.focus({ preventScroll: false });
}
function changes() {
  if (!changed) return;
  place.changes.replaceChildren(h("p", {}, h("b", {}, changed.days.join(" → "))), ...linked(prose(changed.text[lang()])), typed(`landopt rules diff ${changed.days.join(" ")}`));
}
/* A rule's id in a text leads to the rule. */
const ID = /((?:cn|gd|gz|ns)(?:\.[a-z0-9-]+)+)/;
export function linked(lines) {
  for (const line of lines) {
    const text = line.textContent;
    if (!ID.test(text)) continue;
    line.replaceChildren(...text.split(new RegExp(ID, "g")).map((part) => (ID.test(part) ? button(part, () => show(part).catch(trouble), { class: "link" }) : part)));
  }
  return lines;
}
