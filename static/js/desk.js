// The desk by the keyboard: single keys press what names them (aria-keyshortcuts), and never while
// somebody types. Without this file the same links and buttons are there.

const TYPING = "input, textarea, select, [contenteditable]";
const BEAT_MS = 60_000;
const IDLE_MS = 300_000; // who has gone for a coffee is not here, and the session may end

function press(target) {
  if (target.localName !== "summary") {
    target.click();
    return;
  }
  const fold = target.parentElement;
  fold.open = true;
  const field = fold.querySelector("form :is(textarea, select, input:not([type=hidden]))");
  (field ?? target).focus();
  fold.scrollIntoView({ block: "nearest" });
}

// Who types a word where no field is: a letter that presses nothing silences those after it.
const WORD_MS = 1_000;
let wordUntil = 0;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  const typing = event.target.closest?.(TYPING);
  if (typing && event.key === "Escape") {
    typing.blur(); // the single keys work again, and what was typed stays
    return;
  }
  if (event.key === "Enter" && event.ctrlKey && typing?.form?.closest(".action-forms, .decision-box, .filing, .judge")) {
    event.preventDefault();
    const wanted = event.shiftKey ? "button:is([name=suggested], [name=question])" : "button:enabled:not([name=look])";
    const button = typing.form.querySelector(wanted);
    if (button) typing.form.requestSubmit(button);
    return;
  }
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
  const key = CSS.escape(event.key.toLowerCase());
  const target = document.querySelector(`[aria-keyshortcuts="${key}"]`);
  const isWord = event.key.length === 1 && (!target || Date.now() < wordUntil);
  if (isWord) wordUntil = Date.now() + WORD_MS;
  if (!target || isWord) return;
  event.preventDefault();
  press(target);
});

// Who else has the report open: asked each minute while somebody is at this page.
const here = document.querySelector("[data-here]");
let acted = Date.now();

async function beat() {
  if (document.hidden || Date.now() - acted > IDLE_MS) return;
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value;
  const answer = await fetch(here.dataset.here, {
    method: "POST", headers: { "X-CSRFToken": token ?? "" }, redirect: "error",
  });
  if (!answer.ok) return;
  const { others } = await answer.json();
  const shown = [...here.children].map((line) => line.textContent);
  if (shown.join() === others.join()) return;
  here.replaceChildren(...others.map((text) => {
    const line = document.createElement("p");
    line.className = "notice above";
    line.textContent = text;
    return line;
  }));
}

if (here) {
  for (const event of ["keydown", "pointerdown", "wheel"]) {
    document.addEventListener(event, () => { acted = Date.now(); }, { passive: true });
  }
  setInterval(() => beat().catch(() => {}), BEAT_MS); // a lost beat is no news
}

// Who sent a form that was refused stands at the first field that is wrong.
document.querySelector(".wrong")?.parentElement.querySelector("input, textarea, select")?.focus();

// Number and phrase of the reporter go when their time is over, also on a machine that slept.
for (const shown of document.querySelectorAll("[data-seconds]")) {
  const end = Date.now() + shown.dataset.seconds * 1000;
  setInterval(() => { if (Date.now() >= end) shown.textContent = shown.dataset.over; }, 1_000);
}

// Who must be called now: the open start page and queue ask every few seconds, count them in the title,
// and sound when somebody new stands there. The sound can be switched off, for this browser.
const calls = document.querySelector("[data-calls]");
const CALLS_MS = 4_000;
const SILENT = "desk-silent";
const title = document.title;
const stay = document.querySelector("[data-stay]"); // stay.js shows it two minutes before the session ends
let ending = 0; // 1: that is shown, 2: over; looking here is no press, so whoever only listens must hear it
const brief = calls && "brief" in calls.dataset; // on the queue: how many, in a line that stays where it is
let known = calls && !brief ? numbersIn(calls) : null; // null: not asked yet

function numbersIn(part) {
  return part?.querySelector("[data-numbers]")?.dataset.numbers.split(" ").filter(Boolean) ?? [];
}

function sound() {
  const audio = new AudioContext();
  for (const [at, pitch] of [[0, 880], [0.25, 660], [0.5, 880]]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.value = 0.2;
    tone.connect(volume).connect(audio.destination);
    tone.start(audio.currentTime + at);
    tone.stop(audio.currentTime + at + 0.2);
  }
}

function countInTitle(numbers) {
  document.title = numbers.length ? `(${numbers.length}) Phải gọi ngay. ${title}` : title;
}

function soundEnd(now) {
  if (now > ending && localStorage.getItem(SILENT) === null) sound();
  ending = now;
}

async function askForCalls() {
  const answer = await fetch(calls.dataset.calls, { redirect: "manual" });
  soundEnd(answer.ok ? Number(!stay.hidden) : 2);
  if (!answer.ok) {
    // Logged out, or the portal is away: whoever looks at the tab must know that it no longer watches.
    document.title = `Không còn theo dõi, mở lại trang. ${title}`;
    return;
  }
  const fresh = document.createElement("div");
  fresh.innerHTML = await answer.text();
  const numbers = numbersIn(fresh);
  countInTitle(numbers);
  if (brief) {
    calls.querySelector("b").textContent = numbers.length ? `${numbers.length} người` : "không có ai";
    calls.classList.toggle("waiting", numbers.length > 0);
  } else if (numbers.join() !== known.join() || !calls.contains(document.activeElement)) {
    const scrolled = calls.querySelector(".rows").scrollTop;
    calls.replaceChildren(...fresh.childNodes, silence);
    calls.querySelector(".rows").scrollTop = scrolled;
  }
  const isNew = known && numbers.some((number) => !known.includes(number));
  if (isNew && localStorage.getItem(SILENT) === null) sound();
  known = numbers;
}

const silence = document.createElement(brief ? "span" : "p");
if (calls) {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = localStorage.getItem(SILENT) === null;
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(SILENT);
    else localStorage.setItem(SILENT, "1");
    if (box.checked) sound(); // and the browser may sound from here on
  });
  const label = document.createElement("label");
  label.append(box, " Kêu khi có người mới phải gọi");
  silence.append(label);
  silence.className = "sub silence";
  const watch = () => askForCalls().catch(() => { document.title = `Mất kết nối. ${title}`; });
  calls.append(silence);
  if (known) countInTitle(known);
  else watch();
  setInterval(watch, CALLS_MS);
}

// What was handed over stands on the open start page as it is now, without a sound.
const watched = document.querySelector("[data-watch]");
const WATCH_MS = 12_000;
if (watched) {
  setInterval(() => {
    if (watched.contains(document.activeElement)) return;
    fetch(watched.dataset.watch, { redirect: "error" })
      .then((answer) => (answer.ok ? answer.text() : watched.innerHTML))
      .then((text) => { watched.innerHTML = text; })
      .catch(() => {}); // the lane above says that nothing is watched any more
  }, WATCH_MS);
}

// The card of a number that was searched for comes by itself: the list need not wait for it.
const card = document.querySelector("form[data-card]");
if (card) {
  fetch(card.action, { method: "POST", body: new FormData(card), redirect: "error" })
    .then((answer) => (answer.ok ? answer.text() : ""))
    .then((text) => { if (text) card.outerHTML = text; })
    .catch(() => {}); // its button is still there
}
