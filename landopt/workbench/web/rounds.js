/* The first page: the rounds of the folder. */
import { both, button, h, t, trouble } from "./say.js";
import { now, open } from "./main.js";

export async function draw() {
  const rounds = now.state.rounds;
  return h("div", { class: "page" },
    h("h2", {}, t("rounds.title")), h("p", { class: "hint" }, t("rounds.folder", { folder: now.state.folder })),
    rounds.length ? h("ul", { class: "cards", id: "rounds" }, rounds.map((r) => h("li", {}, h("button", { type: "button", class: "card", "data-round": r.name, onclick: () => open(r.name).catch(trouble) },
      h("strong", {}, both(r.title)), h("span", {}, r.name), h("small", {}, [r.as_of ? t("rounds.as-of", { date: r.as_of }) : "", r.plan_only ? t("rounds.plan-only") : t("rounds.plans", { count: r.plans })].filter(Boolean).join(" · "))))))
      : h("p", {}, t("rounds.none")),
    now.state.read_only ? "" : h("p", {}, button(t("rounds.again"), async () => { const { home } = await import("./main.js"); home().catch(trouble); }, { class: "quiet" })),
    h("p", { class: "hint" }, t("rounds.version", { version: now.state.version })));
}
