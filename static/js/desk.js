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

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.repeat) return;
  const typing = event.target.closest?.(TYPING);
  if (event.key === "Enter" && event.ctrlKey && typing?.form?.closest(".action-forms, .decision-box, .filing")) {
    event.preventDefault();
    const wanted = event.shiftKey ? "button[name=suggested]" : "button:enabled";
    const button = typing.form.querySelector(wanted);
    if (button) typing.form.requestSubmit(button);
    return;
  }
  if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
  const key = CSS.escape(event.key.toLowerCase());
  const target = document.querySelector(`[aria-keyshortcuts="${key}"]`);
  if (!target) return;
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
