// How legible words are comes of their look alone: their letters, and what lies behind them. What axe
// never judges is not shown to it: off the screen, over a picture, for eyes alone. The stock sheets fade
// colours in; what else moves is left alone.
async ([places, excluded, rules, known]) => {
  document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish());
  const backs = new Map(), looks = new Map();
  const getBack = element => {
    if (!element) return "";
    if (!backs.has(element)) {
      const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(element);
      const own = [backgroundColor, backgroundImage, opacity, /absolute|fixed/.test(position)].join();
      backs.set(element, getBack(element.parentElement) + own.replace("rgba(0, 0, 0, 0),none,1,false", ""));
    }
    return backs.get(element);
  };
  const hasWords = element => element.matches("input:not([type=checkbox], [type=radio]), select, textarea") ||
    [...element.childNodes].some(node => node.nodeType == 3 && node.data.trim());
  const isSeen = element => {
    const { right, bottom, width } = element.getBoundingClientRect();
    return right > 0 && bottom + scrollY > 0 && width > 1 && element.checkVisibility({ visibilityProperty: true });
  };
  for (const element of document.querySelectorAll(places)) {
    if (element.closest(["[aria-hidden=true]", ...excluded])) continue;
    if (!hasWords(element) || !isSeen(element)) continue;
    const { backgroundImage, color, fontSize, fontWeight, textDecorationLine, textShadow } = getComputedStyle(element);
    if (backgroundImage != "none") continue;
    const around = getComputedStyle(element.parentElement).color;
    const look = [color, fontSize, fontWeight, textDecorationLine, textShadow, around, getBack(element)].join();
    if (!known.includes(look)) looks.set(element, look);
  }
  if (!looks.size) return [[], []];
  const options = { runOnly: rules, elementRef: true, selectors: false, preload: false };
  const exclude = excluded.flatMap(places => [...document.querySelectorAll(places)]);
  const { passes, violations } = await axe.run({ include: [...looks.keys()], exclude }, options);
  const elements = rule => rule.nodes.map(node => node.element);
  const bad = new Set(violations.flatMap(elements).map(element => looks.get(element)));
  const good = passes.filter(rule => rule.id.startsWith("color-contrast")).flatMap(elements);
  return [violations.map(({ id, nodes }) => [id, nodes.map(node => node.html)]),
          good.map(element => looks.get(element)).filter(look => look && !bad.has(look))];
}
