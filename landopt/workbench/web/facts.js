/* The facts of a parcel or platform, and a correction of one: old and new value, document, person, date. */
import { post } from "./net.js";
import { ask, both, button, h, iAm, t, tell, trouble, who, word } from "./say.js";
import { now, readOnly, refresh } from "./main.js";

const shown = (f) => (f.value === "unknown" ? t("law.unknown") : f.type === "bool" ? t(f.value ? "yes" : "no") : both(f.choices.find((c) => c.value === f.value)) || (Array.isArray(f.value) ? f.value.map((v) => both(f.choices.find((c) => c.value === v)) || v).join(", ") : String(f.value)));

export async function table(of, id) {
  const found = await post("/api/ask/round/facts", [now.room.name], { of, id });
  return h("table", { class: "facts", id: "facts" }, found.facts.map((f) => h("tr", {}, h("th", { scope: "row" }, both(f.title)), h("td", {}, shown(f), f.unit && f.value !== "unknown" ? " " + (word("unit." + f.unit) || f.unit) : ""),
    h("td", {}, readOnly() ? "" : button(t("facts.correct"), () => correct(of, id, f.field, found).catch(trouble), { class: "quiet", "data-fact": f.field })))));
}
export async function correct(of, id, name, known) {
  const found = known || (await post("/api/ask/round/facts", [now.room.name], { of, id }));
  let wanted = name;
  if (!wanted) {
    const picked = await ask(t("facts.which", { id }), [{ name: "field", label: t("facts.fact"), options: found.facts.map((f) => [f.field, both(f.title) + ": " + shown(f)]) }]);
    if (!picked) return;
    wanted = picked.field;
  }
  const f = found.facts.find((each) => each.field === wanted);
  const options = f.type === "bool" ? [["true", t("yes")], ["false", t("no")], ["unknown", t("law.unknown")]] : f.choices.length && f.type !== "codes" ? [...f.choices.map((c) => [c.value, both(c)]), ["unknown", t("law.unknown")]] : null;
  const given = await ask(t("facts.head", { id, fact: both(f.title) }), [{ name: "text", text: t("facts.now", { value: shown(f) }) }, { name: "new", label: t("facts.new"), options, required: true, value: f.value === "unknown" ? "" : String(f.value) },
    { name: "document", label: t("facts.document"), note: t("facts.document-note") }, { name: "person", label: t("by"), required: true, value: who(), most: 80 }, { name: "date", label: t("facts.date"), type: "date", value: found.as_of, required: true }], t("facts.keep"));
  if (!given) return;
  iAm(given.person);
  const number = f.type === "int" && /^-?\d+$/.test(given.new);
  const value = given.new === "unknown" ? "unknown" : f.type === "bool" ? given.new === "true" : number ? Number(given.new) : f.type === "codes" || f.type === "ids" ? given.new.split(/[;,、]\s*/).filter(Boolean) : given.new;
  await post("/api/do/correct", [now.room.name], { of, id, field: wanted, old: f.value, new: value, document: given.document, person: given.person, date: given.date });
  tell(h("p", {}, t("facts.done")));
  await refresh();
}
