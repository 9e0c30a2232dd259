// Half an hour without a press ends the session: two minutes before, one press keeps it.
const AFTER_MS = 28 * 60_000;
const box = document.querySelector("[data-stay]");
let timer;

function wait() {
  box.hidden = true;
  clearTimeout(timer);
  timer = setTimeout(() => { box.hidden = false; }, AFTER_MS);
}

box.querySelector("button").addEventListener("click", async () => {
  const answer = await fetch(box.dataset.stay, { cache: "no-store", redirect: "manual" }).catch(() => ({}));
  if (answer.ok) wait();
  else box.textContent = box.dataset.over;
});
wait();
