// A call is filed by the keyboard: a digit answers the question that has the focus and goes on to the next,
// never while somebody types; Enter leaves a line. What is typed is shown on a card while it is typed.
// Without this file Tab, arrows, the space bar and the button "Xem số này" do the same.

const call = document.querySelector(".hotline");
const steps = [...call.querySelectorAll("[data-step]")];
const PAUSE_MS = 300;

function goOn(step) {
  const next = steps.slice(steps.indexOf(step) + 1).find((each) => each.checkVisibility());
  (next.querySelector(":checked") ?? next.querySelector("input, textarea")).focus();
}

call.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const step = target.closest("[data-step]");
  const isTyping = !target.matches("[type=radio], [type=checkbox]");
  const isAnswer = key === "Enter" || (!isTyping && /^[0-9]$/.test(key));
  if (!step || !isAnswer || target.localName !== "input") return;
  if (event.isComposing || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const option = key >= 1 && step.querySelectorAll("input")[key - 1];
  if (option) option.click();
  if (option && option.type === "checkbox") option.focus();
  else if (option || key === "0" || key === "Enter") goOn(step);
});

async function showCard(field, place) {
  const text = field.value;
  const token = call.querySelector("[name=csrfmiddlewaretoken]").value;
  const answer = await fetch(call.dataset.cards, {
    method: "POST", headers: { "X-CSRFToken": token }, redirect: "error", body: new URLSearchParams({ text }),
  });
  const card = answer.ok ? await answer.text() : "Chưa tra được.";
  if (text === field.value) place.innerHTML = card;
}

for (const place of call.querySelectorAll("[data-card]")) {
  const field = place.parentElement.querySelector("input");
  let pause;
  field.addEventListener("input", () => {
    clearTimeout(pause);
    place.replaceChildren(); // what was typed before is another number
    pause = setTimeout(() => {
      showCard(field, place).catch(() => { place.textContent = "Chưa tra được, mất kết nối."; });
    }, PAUSE_MS);
  });
}
call.querySelector("[name=look]").hidden = true;
