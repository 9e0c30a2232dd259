// Buttons that need script stay hidden without it: copy what stands on the page, hand the page on.

const show = (button, act) => {
  button.hidden = false;
  button.addEventListener("click", act);
};

const say = (button) => {
  const before = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => { button.textContent = before; }, 3000);
};

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break; // plain http: the words can still be marked and copied by hand
  const copied = () => document.querySelector(button.dataset.copy).textContent.trim();
  show(button, () => navigator.clipboard.writeText(copied()).then(() => say(button), () => {}));
}

// Of telephones: Zalo is among what they offer. Who closes the list has changed their mind.
for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share) break;
  const { share: url, words: text } = button.dataset;
  show(button, () => navigator.share({ text, url }).catch(() => {}));
}
