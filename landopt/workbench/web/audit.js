/* Audit of the plan shown: the verifier in this page and the auditor beside it; adopting what stands. */
import { bytes, post } from "./net.js";
import { ask, button, clock, finding, h, iAm, lang, points, t, trouble, typed, who } from "./say.js";
import { draw as redraw, jobsOf, now, planKey, planLine, readOnly, work } from "./main.js";

let chosen = null, verified = null;
const label = (p) => (p.key === "plan" ? t("scenario.base") : p.key.startsWith("s:") ? p.key.slice(2) : p.id);

export async function draw() {
  const plans = now.room.plans.filter((p) => !p.torn);
  if (!plans.length) return h("div", { class: "page" }, h("h2", {}, t("audit.title")), h("p", { class: "hint" }, t("plan.none")));
  if (!plans.some((p) => p.key === chosen)) chosen = planKey() || plans[0].key;
  const select = h("select", { id: "audited", "aria-label": t("compare.c-plan"), onchange: () => { chosen = select.value; verified = null; redraw().catch(trouble); } }, plans.map((p) => h("option", { value: p.key, selected: p.key === chosen }, label(p) + " · " + p.id)));
  const line = planLine(chosen);
  const box = h("div", { class: "page" }, h("h2", {}, t("audit.title")), h("div", { class: "row" }, select, h("span", {}, t("audit.made", { date: clock(line.made), score: points(line.objective) }))),
    h("section", { class: "panel" }, h("h3", {}, t("audit.verify")), h("p", { class: "hint" }, t("audit.verify-hint")), button(t("audit.verify-go"), () => verify().catch(trouble), { id: "verify", class: "go" }), h("div", { id: "verified", role: "status" }, verdict())),
    h("section", { class: "panel" }, h("h3", {}, t("audit.python")), h("p", { class: "hint" }, t("audit.python-hint")),
      h("div", { class: "row" }, button(t("audit.go"), () => start(false), { id: "audit", class: "go" }), button(t("audit.complete"), () => start(true), { id: "audit-complete" })), h("div", { id: "audited-said" }, said())),
    readOnly() ? "" : adoption(line));
  if (!now.room.plan_only) box.append(await ledger());
  return box;
}
async function verify() {
  const place = document.getElementById("verified");
  place.textContent = t("audit.checking");
  const files = {};
  for (const name of ["plan", "case", "proof", "offers"]) files[name] = await bytes("/api/file", now.room.name, chosen, name);
  verified = { key: chosen, found: await landoptVerify.verify(files) };
  document.getElementById("verified").replaceChildren(...[verdict()].flat().filter(Boolean));
}
function verdict() {
  if (!verified || verified.key !== chosen) return null;
  const f = verified.found;
  if (!f.holds) return h("p", { class: "verdict bad" }, t("audit.not", { problem: f.problem }));
  return h("p", { class: "verdict good" }, t("audit.holds"), " ", f.tiers.map((x) => t("audit.tier", { objective: x.objective, bound: x.bound, gap: x.proven_gap })).join("; "));
}
const last = () => { const all = jobsOf("audit", chosen); return all[all.length - 1]; };
function said() {
  const j = last();
  if (!j) return null;
  if (j.state === "running") return h("p", { class: "busyline", role: "status" }, t("audit.checking"));
  if (j.state !== "done") return (j.answer.issues || []).map(finding);
  const good = j.answer.exit === 0;
  return [h("p", { class: "verdict " + (good ? "good" : "bad"), id: "audit-verdict" }, t("audit.v-" + j.answer.verdict.replace(/\s+/g, "-")), " ", t("audit.checked", { count: j.answer.checked })), h("pre", { tabindex: 0 }, j.answer.text[lang()]), typed(j.typed)];
}
async function start(complete) { try { await work("/api/ask/start/audit", { plan: chosen, complete }); } catch (e) { trouble(e); } }
export function job(j) {
  if (j.what === "audit") document.getElementById("audited-said")?.replaceChildren(...[said()].flat(2).filter(Boolean));
  if (j.what === "adopt") document.getElementById("adopt-said")?.replaceChildren(...[adopted()].flat(2).filter(Boolean));
}
/* Adoption: drafted, reviewed, signed; the states are what the ledger says, nothing is kept in the page. */
function adoption(line) {
  const own = chosen.startsWith("s:") ? now.room.scenarios.find((s) => "s:" + s.name === chosen) : null;
  const blocked = own?.overlay;
  const states = [["drafted", true], ["reviewed", last()?.state === "done" && last().answer.exit === 0], ["signed", Boolean(line.adopted?.length)]];
  return h("section", { class: "panel", id: "adoption" }, h("h3", {}, t("adopt.title")),
    h("ol", { class: "states" }, states.map(([name, done]) => h("li", { class: done ? "done" : "", "aria-current": done ? null : "step" }, t("adopt." + name)))),
    line.adopted?.length ? h("p", {}, line.adopted.map((a) => t("adopt.said", { document: a.document, date: a.date, by: a.by })).join("; "), " ", button(t("adopt.sign"), () => sign().catch(trouble), { id: "sign" }))
      : blocked ? h("p", { class: "stale" }, t("adopt.blocked")) : button(t("adopt.go"), () => adopt().catch(trouble), { id: "adopt", class: "go" }),
    h("div", { id: "adopt-said" }, adopted()));
}
function adopted() {
  const all = jobsOf("adopt", chosen), j = all[all.length - 1];
  if (!j) return null;
  if (j.state === "running") return h("p", { class: "busyline", role: "status" }, t("adopt.running"));
  if (j.state !== "done") return [...(j.answer.issues || []).map(finding), typed(j.typed)];
  return [h("p", { class: "verdict good" }, t("adopt.entry", { entry: j.answer.entry, hash: j.answer.hash })), typed(j.typed)];
}
async function adopt() {
  const given = await ask(t("adopt.title"), [{ name: "text", text: t("adopt.hint") }, { name: "document", label: t("adopt.document"), required: true }, { name: "by", label: t("by"), required: true, value: who(), most: 80 }, { name: "supersede", label: t("adopt.supersede"), note: t("adopt.supersede-note") },
    { name: "open", label: t("adopt.open"), options: [["", t("no")], ["yes", t("yes")]] }, ...KEY()], t("adopt.go"));
  if (!given) return;
  iAm(given.by);
  await work("/api/do/adopt", { plan: chosen, document: given.document, by: given.by, supersede: given.supersede, open: given.open === "yes", key: given.key, passphrase: given.passphrase });
}
const KEY = () => [{ name: "key", label: t("adopt.key"), note: t("adopt.key-note"), most: 400 }, { name: "passphrase", label: t("adopt.passphrase"), type: "password", note: t("adopt.passphrase-note") }];
async function sign() {
  const given = await ask(t("adopt.sign"), [{ name: "by", label: t("by"), required: true, value: who(), most: 80 }, ...KEY()], t("adopt.sign"));
  if (!given) return;
  iAm(given.by);
  await work("/api/do/sign", { plan: chosen, by: given.by, key: given.key, passphrase: given.passphrase });
}
async function ledger() {
  try {
    const found = await post("/api/ask/round/ledger", [now.room.name], {});
    if (!found.open) return h("section", { class: "panel" }, h("h3", {}, t("ledger.title")), h("p", { class: "hint" }, t("ledger.none")));
    return h("section", { class: "panel" }, h("h3", {}, t("ledger.title")), found.problems.filter((i) => i.level === "error").map(finding), h("details", {}, h("summary", {}, t("ledger.entries")), h("pre", { tabindex: 0 }, found.text[lang()])));
  } catch (e) {
    return h("section", { class: "panel" }, h("h3", {}, t("ledger.title")), (e.issues || []).map(finding));
  }
}
