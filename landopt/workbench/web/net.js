/* Talking to the server: the token in a header, errors as the command line tells them, one stream of news a browser. */
const KEY = "landopt-token";

function token() {
  const given = location.hash.slice(1);
  if (/^[\w-]{20,}$/.test(given)) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", location.pathname);
  }
  return sessionStorage.getItem(KEY) || "";
}
let own = token();
/* A tab opened beside the first has no token of its own: it asks the others of the same origin for theirs. */
const tabs = new BroadcastChannel("landopt");
tabs.addEventListener("message", (e) => {
  if (e.data.ask === "token" && own) tabs.postMessage({ token: own });
});
export async function ready() {
  if (own) return true;
  const heard = new Promise((done) => tabs.addEventListener("message", (e) => { if (e.data.token) done(e.data.token); }));
  for (let tries = 0; tries < 10 && !own; tries++) { // a tab in the background may take its time
    tabs.postMessage({ ask: "token" });
    own = await Promise.race([heard, new Promise((done) => setTimeout(() => done(""), 500))]);
  }
  if (own) sessionStorage.setItem(KEY, own);
  return Boolean(own);
}

export class Refused extends Error {
  constructor(status, found) {
    super(found?.issues?.[0]?.en?.what || String(status));
    this.status = status;
    this.issues = found?.issues || [];
  }
}
async function call(path, options) {
  const headers = { "X-Landopt-Token": own, ...(options.headers || {}) };
  const reply = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit", redirect: "error" });
  if (!reply.ok) throw new Refused(reply.status, await reply.json().catch(() => null));
  return reply;
}
const seg = encodeURIComponent;
const at = (path, parts) => [path, ...parts.map(seg)].join("/");
export const get = async (path, ...parts) => (await call(at(path, parts), {})).json();
export const bytes = async (path, ...parts) => new Uint8Array(await (await call(at(path, parts), {})).arrayBuffer());
export async function post(path, parts, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return (await call(at(path, parts), { method: "POST", headers, body: JSON.stringify(body || {}), signal })).json();
}
export async function upload(path, parts, file) {
  const headers = { "Content-Type": "application/octet-stream", "X-File-Name": encodeURIComponent(file.name) };
  return (await call(at(path, parts), { method: "POST", headers, body: file })).json();
}

/* One tab holds the stream (a lock of the browser); it hands the news to the others. When it goes, the next one takes over. */
let last = -1;
export function listen(hear) {
  tabs.addEventListener("message", (e) => {
    if (e.data.news) { last = e.data.number; hear(e.data.news, false); }
    else if (e.data.line !== undefined) hear({ kind: e.data.line ? "line-up" : "line-down" }, false);
  });
  const lead = async () => {
    for (;;) {
      try { await stream(hear); } catch (e) { if (e instanceof Refused && e.status === 401) return; }
      hear({ kind: "line-down" }, true); tabs.postMessage({ line: false });
      await new Promise((done) => setTimeout(done, 1000));
    }
  };
  if (navigator.locks) navigator.locks.request("landopt-news", lead); else lead();
}
async function stream(hear) {
  const headers = last >= 0 ? { "Last-Event-ID": String(last) } : {};
  const reader = (await call("/api/news", { headers })).body.pipeThrough(new TextDecoderStream()).getReader();
  hear({ kind: "line-up" }, true); tabs.postMessage({ line: true });
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const events = rest.split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const field = (name) => event.split("\n").find((line) => line.startsWith(name + ": "))?.slice(name.length + 2);
      const data = field("data"), number = Number(field("id"));
      if (Number.isFinite(number) && field("id")) last = number;
      if (!data || field("event") === "hello") continue;
      const news = JSON.parse(data);
      hear(news, true);
      tabs.postMessage({ news, number });
    }
  }
}
