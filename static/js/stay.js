// Half an hour without a press in any tab ends the session: two minutes before, one press keeps it.
const AFTER_MS = 28 * 60_000;
const PRESSED = "desk-pressed";
const box = document.querySelector("[data-stay]");
let timer;

function wait() {
  box.hidden = true;
  clearTimeout(timer);
  timer = setTimeout(() => { box.hidden = false; }, AFTER_MS);
}

function tellOtherTabs() {
  localStorage.setItem(PRESSED, Date.now());
  wait();
}

window.addEventListener("storage", ({ key }) => { if (key === PRESSED) wait(); });
box.querySelector("button").addEventListener("click", async () => {
  const answer = await fetch(box.dataset.stay, { cache: "no-store", redirect: "manual" }).catch(() => ({}));
  if (answer.ok) tellOtherTabs();
  else box.textContent = box.dataset.over;
});
tellOtherTabs();
