/* Fields whose words would else be the browser's: dates as 2026-03-31, files, what is asked of a field that is wrong. */
import { h, t } from "./say.js";

/* 2026-3-31, 2026/3/31, 20260331, 2026年3月31日 -> 2026-03-31; null for what is no day. */
export function day(text) {
  const found = /^\s*(\d{4})\s*(?:[-/.年]?)\s*(\d{1,2})\s*(?:[-/.月]?)\s*(\d{1,2})\s*日?\s*$/.exec(text.normalize("NFKC"));
  if (!found) return null;
  const [year, month, date] = found.slice(1).map(Number), made = new Date(Date.UTC(year, month - 1, date));
  return made.getUTCMonth() === month - 1 && made.getUTCDate() === date ? made.toISOString().slice(0, 10) : null;
}
export function dateInput(props, take) {
  const input = h("input", { ...props, type: "text", inputmode: "numeric", maxlength: 14, placeholder: "2026-03-31", autocomplete: "off", size: 11 });
  const check = () => {
    const found = day(input.value);
    input.setCustomValidity(found || (!input.value && !input.required) ? "" : t("wrong-date"));
    return found;
  };
  input.addEventListener("input", () => take?.(check() || ""));
  input.addEventListener("change", () => { const found = check(); if (found) { input.value = found; take?.(found); } });
  return input;
}
/* A file to choose; the button and what is chosen are said in the language of the page. */
export function fileInput(id, label, take, said) {
  const input = h("input", { type: "file", class: "file", id, "aria-label": label });
  input.addEventListener("change", () => take(input.files[0]));
  return [input, h("label", { for: id, class: "pick", "aria-hidden": "true" }, said || t("choose-file"))];
}
/* What the browser would say of a field left blank is said by the page. */
document.addEventListener("invalid", (e) => {
  if (e.target.validity.valueMissing) e.target.setCustomValidity(t("wrong-blank"));
}, true);
document.addEventListener("input", (e) => { if (e.target.required && e.target.value) e.target.setCustomValidity?.(""); }, true);
