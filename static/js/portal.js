// Pages work without script and hold its words. A draft that was ticked, an unsent report that was
// asked about stay on the device until the receipt is there.

const DRAFT = "draft";
const DRAFTS_WANTED = "drafts-wanted";
const UNSENT = "unsent";
const DAY = 24 * 3600 * 1000;
const NOT_IN_A_DRAFT = ["callback_phrase", "form_token", "website"];
const SAYS_NOTHING = ["channel", "submission_key"];

const one = (selector, root = document) => root.querySelector(selector);
const on = (element, event, act) => element?.addEventListener(event, act);
const show = (element, is = true) => { if (element) element.hidden = !is; };

function takeCodeFromAddress() {
  const code = location.hash.slice(1);
  if (!/^([a-z0-9]{4}-?){4}$/i.test(code)) return;
  history.replaceState(null, "", location.pathname + location.search);
  const field = one("#id_code");
  if (field) field.value = code;
}

function kept(name) {
  try { return JSON.parse(localStorage.getItem(name)); } catch { return null; }
}

function keep(name, value) {
  try { localStorage.setItem(name, JSON.stringify(value)); } catch { return false; }
  return true;
}

function wipe(name) {
  try { localStorage.removeItem(name); } catch { /* nothing was kept either */ }
}

function draftOf(form) {
  const fields = [...new FormData(form)].filter(([name]) => !NOT_IN_A_DRAFT.includes(name));
  const said = fields.some(([name, value]) => value.trim() && !SAYS_NOTHING.includes(name));
  return said ? { at: Date.now(), fields } : null;
}

function freshDraft() {
  const draft = kept(DRAFT);
  if (draft && Date.now() - draft.at < DAY) return draft;
  wipe(DRAFT);
  return null;
}

function putBack(form, fields) {
  for (const [name, value] of fields) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (/^(radio|checkbox)$/.test(field.type)) field.checked ||= field.value === value;
      else if (field.type === "hidden" || !field.value) field.value = value;
    }
  }
}

function setUpDrafts(form, wanted) {
  const restored = one("#draft-restored");
  const save = () => {
    const draft = kept(DRAFTS_WANTED) && draftOf(form);
    if (draft) keep(DRAFT, draft);
    else wipe(DRAFT);
  };
  const draft = freshDraft();
  if (draft && !one(".problems")) {
    putBack(form, draft.fields);
    const at = new Date(draft.at).toLocaleString("vi"); // 14:32:05 24/11/2026
    one("b", restored).textContent = at.replace(/:\d\d /, ", ");
    show(restored);
  }
  const tick = one("input", wanted);
  tick.checked = Boolean(kept(DRAFTS_WANTED));
  one("#id_story").closest(".field").after(wanted);
  show(wanted);
  on(tick, "change", () => {
    if (tick.checked) keep(DRAFTS_WANTED, true);
    else wipe(DRAFTS_WANTED);
    save();
  });
  on(form, "input", save);
  on(one("button", restored), "click", () => {
    wipe(DRAFT);
    form.reset();
    show(restored, false);
  });
}

const unsent = () => kept(UNSENT) || [];
const withoutKey = (key) => unsent().filter((report) => report.key !== key);
const forget = (key) => (withoutKey(key).length ? keep(UNSENT, withoutKey(key)) : wipe(UNSENT));
const oneAtATime = (act) => navigator.locks.request("send", act);

function reportOf(form) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    body.append(name, value.replace(/\r?\n/g, "\r\n")); // as forms do
  }
  return { key: form.elements.submission_key.value, action: form.action, body: `${body}` };
}

// "sent" once the server shows its receipt, "lost" without an answer, else "refused".
async function post(report, isSecondTry = false) {
  const body = new URLSearchParams(report.body);
  let answer, page;
  try {
    const signal = AbortSignal.timeout?.(60000);
    // else Back would find another page, with another key
    const cache = "no-store";
    answer = await fetch(report.action, { method: "POST", body, signal, cache });
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return "lost";
  }
  if (one("[data-receipt]", page)) return "sent";
  const token = one("[name=form_token]", page);
  if (answer.status !== 422 || isSecondTry || !token) return "refused";
  body.set("form_token", token.value); // for the page was open too long
  return post({ ...report, body: `${body}` }, true);
}

function setUpSending(form) {
  const asking = one("#ask-to-keep");
  const state = one("#sending");
  let report = null;
  const send = async () => {
    report = reportOf(form);
    show(asking, false);
    show(state);
    const end = await oneAtATime(() => post(report));
    show(state, false);
    if (end === "sent") return seeReceipt(report);
    if (end === "refused") return form.submit();
    show(asking);
    asking.focus();
  };
  on(form, "submit", (event) => {
    const { story, caller_number: number } = form.elements;
    if (!story.value.trim() && !number.value.trim()) return;
    event.preventDefault();
    if (state.hidden) send();
  });
  on(one("#keep-unsent"), "click", async () => {
    const waiting = [...withoutKey(report.key), report];
    show(asking, !(await oneAtATime(() => keep(UNSENT, waiting))));
    showUnsent();
    one("#unsent").focus();
  });
  on(one("#send-again"), "click", send);
}

function showUnsent() {
  show(one("#unsent"), unsent().length > 0);
}

function seeReceipt(report) {
  forget(report.key);
  wipe(DRAFT);
  location.assign(one("#sent a").href);
}

// One at a visit: its receipt is to be read.
async function sendWhatWaits(isPressed) {
  await oneAtATime(async () => {
    const [report] = unsent(); // another tab may have sent it
    const end = report && await post(report);
    if (end === "refused" && isPressed) sendNatively(report);
    if (end !== "sent") return;
    const isBusy = touched && one("[name=submission_key]")?.value !== report.key;
    if (!isBusy) return seeReceipt(report);
    forget(report.key);
    show(one("#sent"));
  });
  showUnsent();
}

function sendNatively({ action, body }) {
  const form = Object.assign(document.createElement("form"), { method: "post", action });
  for (const [name, value] of new URLSearchParams(body)) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
}

let touched = false;

function setUpUnsent() {
  on(document, "input", () => { touched = true; });
  on(one("#send-now"), "click", () => sendWhatWaits(true));
  on(one("#drop-unsent"), "click", (event) => {
    if (!confirm(event.target.dataset.sure)) return;
    wipe(UNSENT);
    showUnsent();
  });
  on(window, "storage", showUnsent);
  showUnsent();
  if (one("[data-receipt]")) return;
  on(window, "online", () => sendWhatWaits());
  if (unsent().length) sendWhatWaits();
}

function setUpReceipt() {
  wipe(DRAFT);
  const button = one("#copy-code");
  show(button, Boolean(navigator.clipboard));
  on(button, "click", async () => {
    const groups = [...document.querySelectorAll(".code b")].map((group) => group.textContent);
    await navigator.clipboard.writeText(groups.join(" "));
    show(one("#code-copied"));
  });
}

function setUpExit(link) {
  show(link);
  on(link, "click", (event) => {
    event.preventDefault();
    wipe(DRAFT);
    location.replace("about:blank");
  });
}

async function lookForLine() {
  const answer = await fetch("/livez").catch(() => ({}));
  if (answer.ok) location.reload();
}

// The code of a QR leaves the address before anything else.
takeCodeFromAddress();
on(window, "hashchange", takeCodeFromAddress);
freshDraft();

const reportForm = one("[name=submission_key]")?.form;
const isAbleToSend = Boolean(navigator.locks && one("#sent"));
if (one("[data-receipt]")) setUpReceipt();
if (reportForm && one("#keep-draft")) setUpDrafts(reportForm, one("#keep-draft"));
if (reportForm && isAbleToSend && one("#ask-to-keep")) setUpSending(reportForm);
if (isAbleToSend) setUpUnsent();
if (one("#exit")) setUpExit(one("#exit"));
if (one("#no-line") && !location.pathname.endsWith("/offline/")) setInterval(lookForLine, 3000);
on(window, "load", () => navigator.serviceWorker?.register("/sw.js").catch(() => {}));
