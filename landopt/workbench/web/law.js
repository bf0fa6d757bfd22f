/* Law in the page: which methods a case may use on a date, and why. */
import { post } from "./net.js";
import { field, h, lang, prose, t, trouble, typed, word } from "./say.js";
import { dateInput } from "./inputs.js";
import { now } from "./main.js";
import * as rules from "./rules.js";

const USES = ["IND", "IND_M0", "NS_M9", "STOR", "COM", "BIZ", "ENT", "HOU", "RES", "EDU", "MED"];
const OPERATORS = ["gov", "pubinst", "npo_rd", "univ", "npo_school", "fp_school", "soe", "private", "foreign", "hkmo", "incubator", "developer", "existing_user"];
const KINDS = ["national", "multi_district", "technology", "incubator", "transformation", "science_popularisation", "headquarters", "other"];
const YESNO = ["true", "false", "unknown"];
const FIELDS = [["use", USES, "use"], ["operator", OPERATORS, "operator"], ["platform_kind", KINDS, "platform_kind"], ["intending_users", null], ["land_source", ["stock", "new"], "land_source"], ["nonprofit", YESNO], ["public_welfare", YESNO], ["strategic_industry", YESNO], ["existing_right", ["none", "alloc", "grant", "lease"], "existing_right"], ["for_sale", YESNO], ["lease_years", null]];
const facts = { use: "RES", operator: "pubinst", intending_users: "1" };
let date = null, other = "", answers = [], more = "";

export async function draw() {
  date = date || now.room?.as_of || new Date().toISOString().slice(0, 10);
  const inputs = FIELDS.map(([name, options, subject]) => {
    const set = (e) => { facts[name] = e.target.value; };
    const input = options ? h("select", { name, onchange: set }, h("option", { value: "" }, t("law.assumed")), options.map((o) => h("option", { value: o, selected: facts[name] === o }, YESNO === options ? t(o === "true" ? "yes" : o === "false" ? "no" : "law.unknown") : (word(`${subject}.${o}`) || o))))
      : h("input", { name, type: "number", min: 0, value: facts[name] || "", oninput: set });
    return field(word("field." + name) || name, input);
  });
  const form = h("form", { class: "grid-form", id: "law" }, ...inputs,
    field(t("law.more"), h("input", { value: more, placeholder: "takes_back=true", oninput: (e) => { more = e.target.value; } }), t("law.more-note")),
    field(t("law.date"), dateInput({ value: date, required: true, id: "law-date" }, (found) => { date = found; })), field(t("law.other"), dateInput({ value: other, id: "law-other" }, (found) => { other = found; }), t("law.other-note")),
    h("div", { class: "row" }, h("button", { class: "go", id: "law-go" }, t("law.go"))));
  form.addEventListener("submit", (e) => { e.preventDefault(); go().catch(trouble); });
  return h("div", { class: "page wide" }, h("h2", {}, t("law.title")), h("p", { class: "hint" }, t("law.hint")), form, h("div", { id: "law-said", class: "columns" }, said()), rules.draw(() => date, () => other));
}
const told = () => ({ ...facts, ...Object.fromEntries(more.split(/[\s;；]+/).filter((p) => p.includes("=")).map((p) => [p.slice(0, p.indexOf("=")), p.slice(p.indexOf("=") + 1)])) });
async function go() {
  answers = [];
  for (const day of [date, other].filter(Boolean)) answers.push({ day, ...(await post("/api/ask/law/ask", [], { facts: told(), as_of: day })) });
  document.getElementById("law-said").replaceChildren(...said());
}
function said() {
  const words = Object.entries(told()).filter(([, v]) => v).map(([k, v]) => `${k}=${v}`).join(" ");
  return answers.map((a, n) => h("section", { class: "panel" }, h("h3", {}, a.day),
    h("table", { class: "ways" }, h("tbody", {}, a.methods.map((m) => { const was = n ? answers[0].methods.find((x) => x.method === m.method) : null; return h("tr", { class: was && was.verdict !== m.verdict ? "changed" : "" }, h("th", { scope: "row" }, t("method." + m.method)), h("td", {}, h("span", { class: "verdict-" + m.verdict.replace("/", "") }, word("verdict." + m.verdict) || m.verdict))); }))),
    h("details", { open: answers.length === 1 }, h("summary", {}, t("law.why")), rules.linked(prose(a.text[lang()]))), typed(`landopt rules ask ${words} --as-of ${a.day}`)));
}
