/* Audit of the plan shown: the verifier in this page and the auditor beside it; adopting what stands. */
import { bytes, post } from "./net.js";
import { ask, button, clock, finding, h, iAm, lang, points, t, trouble, typed, who } from "./say.js";
import { about, draw as redraw, jobsOf, now, planKey, planLine, readOnly, refresh, work } from "./main.js";

let chosen = null, verified = null, opened = false;
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
    readOnly() ? "" : adoption(line, await about("head", {}, chosen)));
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
/* Adoption: drafted, reviewed, signed. The first two are steps of the round's handling; signing is the ledger's, pending until enough have signed. */
function adoption(line, head) {
  const own = chosen.startsWith("s:") ? now.room.scenarios.find((s) => "s:" + s.name === chosen) : null, blocked = own?.overlay || head.scenario.length > 0;
  const steps = now.room.handling.filter((s) => s.plan === line.sha256), at = steps.at(-1)?.do, paper = line.adopted?.filter((a) => !a.superseded).at(-1);
  const pending = paper && paper.have < paper.need, audited = last()?.state === "done" && last().answer.exit === 0 && last().answer.complete;
  const done = { drafted: Boolean(paper) || at === "submit" || at === "pass", reviewed: Boolean(paper) || at === "pass", signed: Boolean(paper) && !pending };
  const current = Object.keys(done).find((name) => !done[name]);
  const go = blocked ? h("p", { class: "stale" }, t("adopt.blocked")) : paper ? (pending || !paper.need ? button(t("adopt.sign"), () => sign().catch(trouble), { id: "sign", class: pending ? "go" : "" }) : "")
    : at === "submit" ? [audited ? "" : h("p", { class: "hint" }, t("adopt.audit-first")), h("div", { class: "row" }, button(t("adopt.pass"), () => handle("pass").catch(trouble), { id: "pass", class: "go", disabled: !audited }), button(t("adopt.return"), () => handle("return").catch(trouble), { id: "return" }))]
    : at === "pass" ? button(t("adopt.go"), () => adopt().catch(trouble), { id: "adopt", class: "go" }) : button(t("adopt.submit"), () => handle("submit").catch(trouble), { id: "submit", class: "go" });
  return h("section", { class: "panel", id: "adoption" }, h("h3", {}, t("adopt.title")),
    h("ol", { class: "states" }, Object.entries(done).map(([name, ok]) => h("li", { class: ok ? "done" : "", "aria-current": name === current ? "step" : null, "data-state": name }, t("adopt." + name)))),
    paper ? h("p", {}, t("adopt.said", { document: paper.document, date: paper.date, by: paper.by })) : "",
    paper?.need ? h("p", { id: "signatures", class: pending ? "stale" : "" }, t(pending ? "adopt.pending" : "adopt.enough", { have: paper.have, need: paper.need, waiting: paper.waiting.join(", ") })) : "",
    steps.length ? h("ul", { class: "plain", id: "handled" }, steps.map((s) => h("li", {}, h("b", {}, t("adopt.h-" + s.do)), " ", s.by, " ", h("small", {}, clock(Date.parse(s.at) / 1000) + " · " + s.account + "@" + s.machine), s.note ? h("q", {}, s.note) : ""))) : "",
    go, h("div", { id: "adopt-said" }, adopted()));
}
async function handle(what) {
  const given = await ask(t("adopt." + what), [{ name: "text", text: t("adopt.hint-" + what) }, { name: "by", label: t("by"), required: true, value: what === "submit" ? who() : "", most: 80 }, { name: "note", label: t("adopt.note"), required: what === "return", most: 500 }], t("adopt." + what));
  if (!given) return;
  if (what === "submit") iAm(given.by);
  await post("/api/do/handle", [now.room.name], { plan: chosen, what, by: given.by, note: given.note });
  await refresh();
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
    ...(opened ? [] : [{ name: "open", label: t("adopt.open"), options: [["yes", t("yes")], ["", t("no")]] }, { name: "signers", label: t("adopt.signers"), note: t("adopt.signers-note"), most: 2000 }, { name: "need", label: t("adopt.need"), type: "number" }]), ...KEY()], t("adopt.go"));
  if (!given) return;
  iAm(given.by);
  await work("/api/do/adopt", { plan: chosen, document: given.document, by: given.by, supersede: given.supersede, open: given.open === "yes", signers: given.signers, need: given.need, key: given.key, passphrase: given.passphrase });
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
    opened = Boolean(found.open);
    if (!found.open) return h("section", { class: "panel" }, h("h3", {}, t("ledger.title")), h("p", { class: "hint" }, t("ledger.none")));
    return h("section", { class: "panel" }, h("h3", {}, t("ledger.title")), found.problems.filter((i) => i.level === "error").map(finding), h("details", {}, h("summary", {}, t("ledger.entries")), h("pre", { tabindex: 0 }, found.text[lang()])));
  } catch (e) {
    return h("section", { class: "panel" }, h("h3", {}, t("ledger.title")), (e.issues || []).map(finding));
  }
}
