/* The steps of a scenario: each with its reason, who and when; undo and redo are steps as well. */
import { button, clock, h, t, trouble, who } from "./say.js";
import { readOnly, step, tab } from "./main.js";

const what = (s) => {
  if (s.do === "set") return t("step.set", { name: s.name, value: s.value });
  if (s.do === "fix") return t("step.fix", { site: s.site, method: t("method." + s.method), demand: s.demand || t("market") });
  if (s.do === "rule") return t("step.rule", { id: s.rule.id });
  if (s.do === "without") return t("step.without", { id: s.id });
  if (s.do === "unfix") return t("step.unfix", { site: s.site });
  if (s.do === "drop") return t("step.drop", { parcel: s.parcel });
  if (s.do === "add") return t("step.add", { demand: s.demand });
  if (s.do === "unadd") return t("step.unadd", { demand: s.demand });
  if (s.do === "undrop") return t("step.undrop", { parcel: s.parcel });
  return t("step." + s.do);
};
export function draw(place) {
  const own = tab();
  if (!own) { place.append(h("h2", {}, t("history.title")), h("p", { class: "hint" }, t("history.filed"))); return; }
  const go = (kind) => () => step({ do: kind, by: who() }, false).catch(trouble);
  const live = new Set(own.live);
  place.append(h("h2", {}, t("history.title")),
    readOnly() ? "" : h("div", { class: "row" },
      button(t("history.undo"), go("undo"), { id: "undo", disabled: own.undo === null, "aria-keyshortcuts": "Control+Z" }),
      button(t("history.redo"), go("redo"), { id: "redo", disabled: own.redo === null, "aria-keyshortcuts": "Control+Y" })),
    own.steps.length ? h("ol", { class: "steps", reversed: true }, ...[...own.steps].reverse().map((s) => h("li", { value: s.seq, class: live.has(s.seq) || s.do === "undo" || s.do === "redo" ? "" : "dead" },
      h("span", {}, what(s)), s.reason ? h("q", {}, s.reason) : "", h("small", {}, [s.by || s.account, clock(Date.parse(s.at) / 1000)].filter(Boolean).join(" · ")))))
      : h("p", { class: "hint" }, t("history.none")));
}
addEventListener("keydown", (e) => {
  if (!(e.ctrlKey || e.metaKey) || /^(input|textarea|select)$/i.test(e.target.tagName)) return;
  const id = e.key.toLowerCase() === "z" && !e.shiftKey ? "undo" : e.key.toLowerCase() === "y" || (e.key.toLowerCase() === "z" && e.shiftKey) ? "redo" : null;
  const b = id && document.getElementById(id);
  if (b && !b.disabled) { e.preventDefault(); b.click(); }
});
