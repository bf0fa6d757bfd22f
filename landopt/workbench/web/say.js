/* Words and numbers of the page: texts from the catalogue, elements made from text only, never from markup. */
import { get } from "./net.js";
import { dateInput } from "./inputs.js";

const known = {};
export const lang = () => document.documentElement.lang;
export async function speak(wanted) {
  if (!known[wanted]) known[wanted] = await get("/api/words", wanted);
  document.documentElement.lang = wanted;
  try { localStorage.setItem("landopt-lang", wanted); } catch (e) { /* a browser that keeps nothing */ }
}
export function firstLanguage() {
  let kept = null;
  try { kept = localStorage.getItem("landopt-lang"); } catch (e) { kept = null; }
  return kept || (/^zh/i.test(navigator.language) ? "zh" : "en");
}
export function word(key) { return known[lang()]?.[key]; }
/* The key of a limit as its fields call it: a method, a use by its name; a place and a period as they are written. */
export const keyWords = (rule, key) => (key || []).map((code, i) => word(`${(rule?.per || [])[i]}.${code}`) || code);
export function t(key, values) {
  const text = word("bench." + key) ?? word(key);
  if (text === undefined) return key;
  return text.replace(/\{(\w+)(?::\?([^|}]*)\|([^}]*))?\}/g, (_, name, one, many) => {
    const value = values && values[name] !== undefined ? String(values[name]) : "";
    return one === undefined ? value : value === "1" ? one : many; // {count:?row|rows}
  });
}
export const both = (pair) => (pair ? pair[lang()] || pair.en || "" : "");
/* A name that a round writes as 中文名｜English name, in the language of the page (landopt/reasons/two_names.py). */
export function own(name) {
  const parts = String(name || "").split("｜"), chinese = /[\u3400-\u9fff]/;
  if (parts.length !== 2 || !chinese.test(parts[0]) || chinese.test(parts[1]) || !parts[0].trim() || !parts[1].trim()) return String(name || "");
  return parts[lang() === "zh" ? 0 : 1].trim();
}
export const group = (n) => Number(n).toLocaleString("en-US", { maximumFractionDigits: 4 });
export const points = (milli) => (milli === null || milli === undefined ? "–" : (milli / 1000).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 }));
export const signed = (milli) => (milli > 0 ? "+" : milli < 0 ? "−" : "±") + points(Math.abs(milli));
export const hectares = (m2) => (m2 / 10000).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) + " " + t("unit.ha");
export const percent = (text) => (Number(text) * 100).toLocaleString("en-US", { maximumFractionDigits: 3 }) + " %";
export const clock = (seconds) => new Date(seconds * 1000).toLocaleString(lang() === "zh" ? "zh-CN" : "en-GB", { dateStyle: "short", timeStyle: "short" });

/* An element: h("button", { class: "go", onclick: f, aria-label: "x" }, "text", other) */
export function h(tag, props, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled" || name === "selected" || name === "indeterminate") e[name] = value;
    else e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return e;
}
export const button = (text, click, props) => h("button", { type: "button", onclick: click, ...props }, text);
export const field = (label, input, note) => h("label", { class: "field" }, h("span", {}, label), input, note ? h("small", {}, note) : null);

/* A finding: what, where, maybe, as the command line has it. */
export function finding(issue) {
  const said = issue[lang()] || issue.en;
  return h("div", { class: "finding " + issue.level, role: issue.level === "error" ? "alert" : null },
    h("p", {}, h("b", {}, t("level." + issue.level) + " " + issue.code), " ", said.what),
    said.where ? h("p", { class: "where" }, said.where) : null,
    said.maybe ? h("p", { class: "maybe" }, t("advice"), said.maybe) : null);
}
let fading;
export function tell(...content) {
  const box = document.getElementById("told");
  box.replaceChildren(h("div", { class: "toast" }, ...content, button("×", () => box.replaceChildren(), { class: "close", "aria-label": t("close") })));
  clearTimeout(fading);
  fading = setTimeout(() => box.replaceChildren(), 9000);
}
export function trouble(e) {
  if (e.name === "AbortError") return;
  if (e.issues && e.issues.length) tell(...e.issues.slice(0, 6).map(finding));
  else tell(h("p", {}, t("trouble"), " ", e.message));
}
/* Prose as the reports set it: numbered heads as headings. */
export function prose(text) {
  return text.replace(/\n+$/, "").split("\n").filter((line) => line.trim()).map((line) => {
    if (/^(?:[一二三四五六七八九十]+、|\d+\. [A-Z])/.test(line)) return h("p", { class: "para" }, line);
    return h("p", { class: /^[\s\u3000]/.test(line) ? "in" : "para" }, line.trim());
  });
}
/* A command to type, with a button that copies it. */
export function typed(command) {
  if (!command) return null;
  const copy = button(t("copy"), async () => { try { await navigator.clipboard.writeText(command); tell(h("p", {}, t("copied"))); } catch (e) { tell(h("p", {}, t("not-copied"))); } }, { class: "quiet" });
  return h("div", { class: "typed" }, h("code", { tabindex: 0 }, command), copy);
}
/* A question in a dialog: fields by name; resolves to the values, or null. */
export function ask(title, fields, go, words) {
  const dialog = document.getElementById("asking");
  return new Promise((done) => {
    const inputs = fields.map((f) => {
      const input = f.options ? h("select", { name: f.name, required: f.required, multiple: f.multiple, size: f.multiple ? 5 : null }, ...f.options.map(([value, text]) => h("option", { value, selected: value === f.value }, text)))
        : f.long ? h("textarea", { name: f.name, rows: 8, spellcheck: "false" }, f.value || "")
        : f.type === "date" ? dateInput({ name: f.name, value: f.value || "", required: f.required })
        : h("input", { name: f.name, value: f.value || "", required: f.required, type: f.type || "text", autocomplete: "off", maxlength: f.most || 300 });
      return { f, input };
    });
    const row = ({ f, input }) => (f.text ? h("p", {}, f.text) : field(f.label, input, f.note)), more = inputs.filter(({ f }) => f.more);
    const said = (input) => (input.multiple ? [...input.selectedOptions].map((o) => o.value).filter(Boolean).join(";") : input.value);
    const form = h("form", { method: "dialog" }, h("h2", { id: "asking-title" }, title),
      ...inputs.filter(({ f }) => !f.more).map(row), more.length ? h("details", { class: "more-fields" }, h("summary", {}, words.more), more.map(row)) : "",
      h("div", { class: "row end" }, button(t("cancel"), () => dialog.close("")), h("button", { class: "go", value: "go" }, go || t("go"))));
    form.addEventListener("submit", (e) => { e.preventDefault(); dialog.close("go"); });
    dialog.replaceChildren(form);
    dialog.onclose = () => done(dialog.returnValue === "go" ? Object.fromEntries(inputs.map(({ f, input }) => [f.name, said(input)])) : null);
    dialog.returnValue = "";
    dialog.showModal();
    form.querySelector("input,select,textarea")?.focus();
  });
}
export const who = () => { try { return localStorage.getItem("landopt-by") || ""; } catch (e) { return ""; } };
export const iAm = (name) => { try { localStorage.setItem("landopt-by", name); } catch (e) { /* asked again next time */ } };
