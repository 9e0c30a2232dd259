// Pages work without script and hold its words. This much comes with each of them; drafts and
// sending (sending.js) come where somebody writes, or where something waits on the device.

const DAY = 24 * 3600 * 1000;

const one = (selector) => document.querySelector(selector);
const on = (element, event, act) => element?.addEventListener(event, act);
const show = (element) => { if (element) element.hidden = false; };

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

function wipe(name) {
  try { localStorage.removeItem(name); } catch { /* nothing was kept either */ }
}

let coming, again;
let pause = 3000;

// Until it is there, and where it does not come, the browser sends the form. Where something
// waits it is asked for again: a line that is just back loses the one request that matters.
function bringSending() {
  const address = one("[data-sending]").dataset.sending;
  coming ??= import(address).catch(() => {
    coming = null;
    clearTimeout(again);
    again = setTimeout(lookForWaiting, pause);
    pause = Math.min(2 * pause, 60_000);
  });
}

function lookForWaiting() {
  if (kept("unsent") || kept("sent")) bringSending();
}

// What waits goes on top: nothing is seen before, so that nothing jumps.
function holdTheView() {
  const { classList } = document.body;
  const end = () => classList.remove("held");
  classList.add("held");
  coming.then(end);
  setTimeout(end, 1000);
}

function setUpForm(form) {
  const wanted = one("#keep-draft");
  on(form, "focusin", bringSending);
  on(form, "input", bringSending);
  if (kept("draft")) bringSending();
  one("#id_story").closest(".field").after(wanted);
  one("#keep-draft input").checked = Boolean(kept("drafts-wanted"));
  show(wanted);
}

function forgetSeen() {
  const rest = (kept("sent") ?? []).filter(({ isSeen }) => !isSeen);
  if (rest.length) localStorage.setItem("sent", JSON.stringify(rest));
  else wipe("sent");
}

function setUpReceipt() {
  wipe("draft");
  forgetSeen();
  const button = one("#copy-code");
  if (navigator.clipboard) show(button);
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
    wipe("draft");
    wipe("sent");
    wipe("unsent"); // who is watched is in more danger than the report
    location.replace("about:blank");
  });
}

const waitForLine = () => setTimeout(lookForLine, 3000);

async function lookForLine() {
  const answer = await fetch("/livez").catch(() => ({}));
  if (!one("#sent").hidden) return; // it leads to the code, and is not taken away
  if (answer.ok) location.reload(); // once: on a slow line it takes its time
  else waitForLine();
}

// Not before somebody scrolls or presses: until then it is a request too many.
function bringSharing() {
  const address = one("[data-sharing]")?.dataset.sharing;
  const bring = () => import(address).catch(() => {});
  for (const event of address ? ["scroll", "pointerdown", "keydown"] : []) {
    addEventListener(event, bring, { once: true, passive: true });
  }
}

// The code of a QR leaves the address before anything else.
takeCodeFromAddress();
on(window, "hashchange", takeCodeFromAddress);
if (!(Date.now() - kept("draft")?.at < DAY)) wipe("draft");
if (one("[data-receipt]")) setUpReceipt();
if (one("#keep-draft")) setUpForm(one("[name=submission_key]").form);
bringSharing();
on(one("[data-cards]"), "focusin", (event) => import(event.currentTarget.dataset.cards).catch(() => {}));
if (one("#exit")) setUpExit(one("#exit"));
if (one("#no-line") && !location.pathname.endsWith("/offline/")) waitForLine();
on(window, "storage", lookForWaiting);
on(window, "online", lookForWaiting);
lookForWaiting();
if (coming) holdTheView();
on(window, "load", () => navigator.serviceWorker?.register("/sw.js").catch(() => {}));
