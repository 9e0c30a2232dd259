// Drafts and sending. A draft that was ticked, an unsent report that was asked about stay on the
// device until the receipt is there, for a day at most. One that was sent stays until its receipt
// was opened, on whatever page: sent again under its key it is the same report with the same code.

const DRAFT = "draft";
const DRAFTS_WANTED = "drafts-wanted";
const UNSENT = "unsent";
const SENT = "sent"; // and its receipt not seen
const HOUR = 3600 * 1000;
const NOT_IN_A_DRAFT = ["callback_phrase", "form_token", "website"];
const SAYS_NOTHING = ["channel", "submission_key"];

const one = (selector, root = document) => root.querySelector(selector);
const on = (element, event, act) => element?.addEventListener(event, act);
const show = (element, is = true) => { if (element) element.hidden = !is; };
// 14:32:05 24/11/2026
const clock = (at) => new Date(at).toLocaleString("vi").replace(/:\d\d /, ", ");

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

// Where cookies are blocked the device keeps nothing, and no lock is given: the browser sends.
function isAbleToKeep() {
  const isAble = keep("able", true);
  wipe("able");
  return isAble;
}

function draftOf(form) {
  const fields = [...new FormData(form)].filter(([name]) => !NOT_IN_A_DRAFT.includes(name));
  const said = fields.some(([name, value]) => value.trim() && !SAYS_NOTHING.includes(name));
  return said ? { at: Date.now(), fields } : null;
}

function putBack(form, fields) {
  for (const [name, value] of fields) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (/^(radio|checkbox)$/.test(field.type)) field.checked ||= field.value === value;
      else if (field.type === "hidden" || !field.value) field.value = value;
    }
  }
}

// What was written stands in no closed fold.
function openFolds(form) {
  for (const fold of form.querySelectorAll("details")) {
    fold.open ||= [...fold.querySelectorAll("input, textarea")].some((field) => /^(radio|checkbox)$/.test(field.type)
      ? field.checked !== field.defaultChecked : field.value !== field.defaultValue);
  }
}

function setUpDrafts(form) {
  const restored = one("#draft-restored");
  const tick = one("#keep-draft input");
  const save = () => {
    const draft = kept(DRAFTS_WANTED) && draftOf(form);
    if (draft) keep(DRAFT, draft);
    else wipe(DRAFT);
  };
  const wish = () => {
    if (tick.checked) keep(DRAFTS_WANTED, true);
    else wipe(DRAFTS_WANTED);
    save();
  };
  const draft = kept(DRAFT);
  if (draft && !one(".error-summary")) {
    putBack(form, draft.fields);
    openFolds(form);
    one("b", restored).textContent = clock(draft.at);
    show(restored);
  }
  if (!draft || !tick.checked) wish(); // what was ticked and written before this came
  on(tick, "change", wish);
  on(form, "input", save);
  on(one("button", restored), "click", () => {
    wipe(DRAFT);
    form.reset();
    show(restored, false);
  });
}

const unsent = () => kept(UNSENT) || [];
const keepAll = (name, reports) => (reports.length ? keep(name, reports) : wipe(name));
const keepUnsent = (reports) => keepAll(UNSENT, reports);
const sent = () => kept(SENT) || [];
const without = (key) => unsent().filter((report) => report.key !== key);
const forget = (key) => keepUnsent(without(key));
const oneAtATime = (act) => navigator.locks.request("send", act);

function mark(key, marks) {
  keepUnsent(unsent().map((report) => (report.key === key ? { ...report, ...marks } : report)));
}

function reportOf(form) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    body.append(name, value.replace(/\r?\n/g, "\r\n")); // as forms do
  }
  const at = Date.now();
  return { key: form.elements.submission_key.value, action: form.action, body: `${body}`, at };
}

// "sent" once the server shows its receipt, "lost" without an answer, "busy" where it asks for
// patience, else "refused".
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
  if (answer.status === 429 || answer.status >= 500) return "busy";
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
    if (end !== "lost") return form.submit();
    show(asking);
    asking.focus();
  };
  on(form, "submit", (event) => {
    if (event.submitter?.name || !draftOf(form)) return; // another language; nothing is said: its page says so
    event.preventDefault();
    if (state.hidden) send();
  });
  on(one("#keep-unsent"), "click", async () => {
    const isKept = await oneAtATime(() => keep(UNSENT, [...without(report.key), report]));
    show(asking, !isKept);
    showUnsent();
    one("#unsent").focus();
  });
  on(one("#send-again"), "click", send);
}

function keepSent(report, marks) {
  keepAll(SENT, [...sent().filter(({ key }) => key !== report.key), { ...report, ...marks }]);
  forget(report.key);
}

function seeReceipt(report) {
  keepSent(report, { isSeen: true });
  wipe(DRAFT);
  location.assign(one("#sent a").href);
}

function showSent() {
  show(one("#sent"), sent().length > 0 && !one("[data-receipt]"));
}

// The cookie of its receipt may have run out by now.
function seeSent(event) {
  const [report] = sent();
  if (!report) return;
  event.preventDefault();
  keepSent(report, { isSeen: true });
  sendNatively(report);
}

// After an hour somebody else may hold the phone.
function stateOf({ at, agreed = at, isRefused }) {
  if (isRefused) return "refused";
  return Date.now() - agreed < HOUR ? "waits" : "asks";
}

function beginningOf({ body }) {
  const said = new URLSearchParams(body);
  const chars = [...(said.get("story").trim() || said.get("caller_number") || "…")];
  return chars.slice(0, 60).join("").trimEnd() + (chars.length > 60 ? "…" : "");
}

function cardOf(report) {
  const card = one("#unsent template").content.firstElementChild.cloneNode(true);
  for (const head of card.querySelectorAll("h2")) show(head, head.dataset.state === stateOf(report));
  one("b", card).textContent = clock(report.at);
  one("q", card).textContent = beginningOf(report);
  const [sendNow, drop] = card.querySelectorAll("button");
  on(sendNow, "click", () => sendPressed(report));
  on(drop, "click", () => {
    if (!confirm(drop.dataset.sure)) return;
    forget(report.key);
    showUnsent();
  });
  return card;
}

function showUnsent() {
  const place = one("#unsent");
  place.replaceChildren(one("template", place), ...unsent().map(cardOf));
  show(place, unsent().length > 0);
}

function dropOld() {
  keepAll(SENT, sent().filter(({ at }) => Date.now() - at < 24 * HOUR));
  const young = unsent().filter(({ at }) => Date.now() - at < 24 * HOUR);
  if (young.length === unsent().length) return;
  keepUnsent(young);
  show(one("#unsent-gone"));
}

const isWriting = () => [...document.querySelectorAll("textarea, [type=text], [type=tel]")]
  .some(({ value, defaultValue }) => value !== defaultValue);

// At a later visit somebody else may hold the phone: the receipt is for whoever presses.
function arrived(report, isPressed) {
  const isItsPage = one("[name=submission_key]")?.value === report.key;
  if (isItsPage || (isPressed && !isWriting())) return seeReceipt(report);
  keepSent(report);
  showSent();
}

// One that arrives at a visit, for its receipt is to be read. What is refused holds up no other.
async function sendWhatWaits() {
  await oneAtATime(async () => {
    dropOld();
    for (const report of unsent().filter((report) => stateOf(report) === "waits")) {
      const end = await post(report);
      if (end === "sent") arrived(report);
      if (end !== "refused") return;
      mark(report.key, { isRefused: true });
    }
  });
  showUnsent();
}

async function sendPressed(report) {
  await oneAtATime(async () => {
    if (!unsent().some(({ key }) => key === report.key)) return; // another tab has sent it
    const end = await post(report);
    const isRefused = end === "refused";
    mark(report.key, { agreed: Date.now(), isRefused, isShown: isRefused });
    if (end === "sent") arrived(report, true);
    if (isRefused) sendNatively(report);
  });
  showUnsent();
  one("#unsent").focus();
}

function sendNatively({ action, body }) {
  const form = Object.assign(document.createElement("form"), { method: "post", action });
  for (const [name, value] of new URLSearchParams(body)) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
}

// What was refused and then sent as a form stands in the page that came, or has its receipt;
// where neither came it goes on waiting.
function dropShown() {
  const key = one("[name=submission_key]")?.value;
  const isHere = (report) => report.isShown && (report.key === key || one("[data-receipt]"));
  const others = unsent().filter((report) => !isHere(report));
  if (unsent().length) keepUnsent(others.map((report) => ({ ...report, isShown: false })));
}

function setUpUnsent() {
  on(window, "storage", showUnsent);
  on(window, "storage", showSent);
  on(one("#sent a"), "click", seeSent);
  showUnsent();
  showSent();
  if (one("[data-receipt]")) return;
  on(window, "online", sendWhatWaits);
  if (unsent().length && navigator.onLine) sendWhatWaits();
}

const isAbleToSend = Boolean(navigator.locks && one("#sent") && isAbleToKeep());
const reportForm = one("#ask-to-keep") && one("[name=submission_key]").form;
dropOld();
dropShown();
if (reportForm) setUpDrafts(reportForm);
if (reportForm && isAbleToSend) setUpSending(reportForm);
if (isAbleToSend) setUpUnsent();
