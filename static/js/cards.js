function hasCard(text) {
  return (text.match(/\d(?:[ .-]?\d){15,18}/g) ?? []).some((run) => {
    const digits = run.replace(/\D/g, "");
    const ours = digits.startsWith("9704");
    const sum = [...digits].reverse().reduce((total, digit, place) => {
      const points = place % 2 ? digit * 2 : +digit;
      return total + (points > 9 ? points - 9 : points);
    }, 0);
    return ours ? digits.length === 16 || digits.length === 19 : digits.length === 16 && sum % 10 === 0;
  });
}

// The number of a card leaves no device; without script the server refuses it.
function refuseCards(field) {
  field.addEventListener("input", () => field.setCustomValidity(""));
  field.form.addEventListener("submit", (event) => {
    if (!hasCard(field.value)) return;
    event.preventDefault();
    field.setCustomValidity(field.dataset.cardRefused);
    field.reportValidity();
  });
}

document.querySelectorAll("[data-card-refused]").forEach(refuseCards);
