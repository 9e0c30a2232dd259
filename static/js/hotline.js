// A call is filed by the keyboard: a digit answers the question that has the focus and goes on to the next,
// never while somebody types; Enter leaves a line. What is typed is shown on a card while it is typed.
// Without this file Tab, arrows, the space bar and the button "Xem số này" do the same.

const call = document.querySelector(".hotline");
const steps = [...call.querySelectorAll("[data-step]")];
const file = call.querySelector(".acts .button");
const number = call.querySelector("[name=caller_number]");
const PAUSE_MS = 300, HABIT_MS = 400; // an Enter pressed by habit after a digit that has already gone on
let movedAt = -Infinity;
let run = { digits: "", at: -Infinity, undo: [] };

// A number typed quickly onto radio buttons is no answer: it goes into its box, and what its digits chose is undone.
function isNumber(key, step, at) {
  if (at - run.at > HABIT_MS) run = { digits: "", at, undo: [] };
  const boxes = [...step.querySelectorAll("input")];
  run.undo.push(...boxes.map((box) => [box, box.checked]));
  run = { digits: run.digits + key, at, undo: run.undo };
  if (!/^0..$/.test(run.digits) || number.value) return false;
  run.undo.reverse().forEach(([box, wasChecked]) => { box.checked = wasChecked; });
  number.focus();
  number.value = run.digits;
  number.dispatchEvent(new Event("input", { bubbles: true }));
  run = { digits: "", at: -Infinity, undo: [] };
  return true;
}

function goOn(step) {
  const next = steps.slice(steps.indexOf(step) + 1).find((each) => each.checkVisibility());
  (next?.querySelector(":checked") ?? next?.querySelector("input, textarea") ?? file).focus();
}

call.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (key !== "Enter") movedAt = -Infinity;
  const step = target.closest("[data-step]");
  const isTyping = !target.matches("[type=radio], [type=checkbox]");
  const isAnswer = key === "Enter" || (!isTyping && /^[0-9]$/.test(key));
  if (!step || !isAnswer || target.localName !== "input") return;
  if (event.isComposing || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  if (key === "Enter" && event.timeStamp - movedAt < HABIT_MS) return;
  if (key !== "Enter" && isNumber(key, step, event.timeStamp)) return;
  const option = key >= 1 && step.querySelectorAll("input")[key - 1];
  if (option) option.click();
  if (option && option.type === "checkbox") option.focus();
  else if (option || key === "0" || key === "Enter") {
    if (option) movedAt = event.timeStamp;
    goOn(step);
  }
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
