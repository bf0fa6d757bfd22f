/* Amounts as sliders: while one moves, the exact bound of any plan and whether this one still holds; on release, a step. */
import { both, group, h, keyWords, lang, points, signed, t, trouble, who } from "./say.js";
import { about, measured, now, planKey, readOnly, step, tab } from "./main.js";
import { post } from "./net.js";
import { solve } from "./decide.js";
import * as picture from "./picture.js";

/* A slider in the hand is not taken away by news: what is drawn anew waits until it is let go. */
let let_go = null, held = null;
export const released = () => held;
function hold() { if (!held) held = new Promise((done) => { let_go = done; }); }
function free() { let_go?.(); held = let_go = null; }
addEventListener("pointerup", free);
addEventListener("pointercancel", free);
addEventListener("blur", free);

let moved = {}; // what the sliders say beyond the plan shown: NAME -> value
let line = null, proof = false;
export const moving = () => Object.entries(moved).map(([name, value]) => `${name}=${value}`);

export async function draw(place) {
  moved = {};
  proof = false;
  if (!planKey()) { place.append(h("p", { class: "hint" }, t("limits.none"))); return; }
  const head = await about("head");
  line = h("div", { class: "bound", id: "bound", role: "status", "aria-live": "polite" });
  idle(head);
  const list = h("div", { class: "limits" });
  for (const rule of head.rules.filter((r) => r.kind === "limit" && r.settable)) list.append(...sliders(rule, head));
  place.append(h("h2", {}, t("limits.title")), line, list);
  proof = Boolean(head.proof);
}
/* The proof is read before the first slider moves, and after what is to be seen: of a large plan it takes many seconds. */
export function warm() { if (proof && planKey()) setTimeout(() => { if (now.room && planKey()) about("whatif", { sets: [] }).catch(() => {}); }, 300); }
function idle(head) {
  const tier = head.result.tiers[0];
  line.className = "bound";
  line.replaceChildren(h("span", {}, t("limits.bound")), h("b", {}, points(tier?.bound)), h("small", {}, t("limits.drag")));
}
const step0 = (amount) => { const raw = Math.max(1, amount / 100); const power = 10 ** Math.floor(Math.log10(raw)); return Math.max(1, Math.round(raw / power) * power); };
/* The amounts of a case are in base units, whatever unit the policy is written in. */
const unitOf = (rule) => (rule.share ? "%" : measured("", rule));
function sliders(rule, head) {
  const own = rule.share ? [{ key: [], amount: (rule.share[0] / rule.share[1]) * 100, unit: "%" }] : rule.values;
  return own.map((entry) => slider(rule, entry, head, own.length > 1));
}
function slider(rule, entry, head, several) {
  const key = (entry.key || []).join("·"), name = `${rule.id}${entry.key?.length ? `[${entry.key.join(",")}]` : ""}:${rule.share ? "share" : "amount"}`;
  const rows = head.limits.filter((l) => l.rule === rule.id && (rule.share || (l.key || []).join("·") === key));
  const used = rows.length === 1 || !rule.share ? rows[0] : rows.find((l) => l.binding) || rows[0];
  const most = rule.share ? 100 : Math.max(entry.amount * 2, used ? Number(used.used) : 0, 10);
  const small = rule.share ? 0.5 : step0(entry.amount);
  const start = entry.amount, id = "s-" + name.replace(/[^\w]/g, "-");
  const wanted = tab()?.sets[name], shown = wanted === undefined ? start : rule.share ? Number(wanted) * 100 : Number(wanted);
  const number = h("input", { type: "number", id: id + "-n", value: String(Math.round(shown * 1000) / 1000), min: 0, step: "any", "aria-label": both(rule.title) + " " + keyWords(rule, entry.key).join("·"), disabled: readOnly() });
  const range = h("input", { type: "range", id, min: 0, max: most, step: small, value: String(shown), disabled: false, "aria-label": both(rule.title) + " " + keyWords(rule, entry.key).join("·"), "data-name": name, title: rule.id });
  const was = h("small", { class: "was" }, t("limits.was", { value: group(Math.round(start * 1000) / 1000) }));
  const setValue = (value) => (rule.share ? (Math.round(value * 1000) / 100000).toFixed(5).replace(/0+$/, "").replace(/\.$/, "") : String(Math.round(value)));
  const show = (value) => {
    moved = { ...moved };
    if (setValue(value) === setValue(start)) delete moved[name]; else moved[name] = setValue(value);
    box.classList.toggle("moved", name in moved);
    query(head);
  };
  const release = (value) => {
    if (readOnly() || setValue(value) === (wanted ?? setValue(start))) return;
    step({ do: "set", rule: rule.id, key: entry.key || [], what: rule.share ? "share" : "amount", value: setValue(value), by: who() }).then(solve).catch(trouble);
  };
  range.addEventListener("input", () => { number.value = String(Math.round(Number(range.value) * 1000) / 1000); show(Number(range.value)); });
  range.addEventListener("pointerdown", hold);
  range.addEventListener("change", () => release(Number(range.value)));
  number.addEventListener("input", () => { if (number.value !== "" && Number(number.value) >= 0) { range.value = number.value; show(Number(number.value)); } });
  number.addEventListener("change", () => { if (number.value !== "" && Number(number.value) >= 0) release(Number(number.value)); });
  const fill = used && !rule.share ? t("limits.used", { used: group(used.used), limit: group(used.limit) }) : "";
  const box = h("div", { class: "limit" + (wanted !== undefined && setValue(shown) !== setValue(start) ? " waiting" : "") },
    h("label", { for: id }, both(rule.title), several ? h("b", {}, " ", keyWords(rule, entry.key).join(" · ")) : "", used?.binding ? h("span", { class: "badge tight" }, t("limits.binding")) : ""),
    h("div", { class: "row" }, h("span", { class: "sense" }, t(rule.sense === "<=" ? "limits.most" : "limits.least")), range, number, h("span", { class: "unit" }, unitOf(rule))),
    h("div", { class: "row" }, h("small", {}, fill), was));
  return box;
}

let asking = null, waiting = false;
async function query(head) {
  picture.follow(moving());
  if (!moving().length) { idle(head); picture.broken(null); return; }
  if (asking) { waiting = true; return; }
  const begun = performance.now();
  asking = post("/api/ask/plan/whatif", [now.room.name], { plan: planKey(), sets: moving() });
  try {
    const found = await asking;
    answer(head, found, performance.now() - begun);
  } catch (e) {
    line.className = "bound bad";
    const said = e.issues?.[0]?.[lang()];
    line.replaceChildren(h("span", {}, said ? said.what : e.message));
  }
  asking = null;
  if (waiting) { waiting = false; query(head); }
}
function answer(head, found, ms) {
  const bound = found.tiers[0]?.bound, objective = head.result.tiers[0].objective;
  line.className = "bound " + (found.holds ? "good" : "bad");
  line.dataset.ms = String(Math.round(ms));
  const rules = new Map(head.rules.map((r) => [r.id, r])), broken = (b) => [rules.has(b.rule) ? both(rules.get(b.rule).title) : b.rule, ...keyWords(rules.get(b.rule), b.key)].join(" ") + (rules.get(b.rule)?.share ? "" : `: ${group(b.used)} / ${group(b.limit)} ${rules.has(b.rule) ? unitOf(rules.get(b.rule)) : ""}`.trimEnd());
  line.replaceChildren(...(bound === null || bound === undefined ? [h("span", {}, t("limits.unsaid"))]
    : [h("span", {}, t("limits.at-most")), h("b", {}, points(bound)), h("span", {}, "(" + signed(bound - objective) + ")")]),
  h("small", {}, found.holds ? t("limits.holds") : t("limits.broken", { rules: found.broken.slice(0, 3).map(broken).join("; ") })));
  picture.broken(found);
}
