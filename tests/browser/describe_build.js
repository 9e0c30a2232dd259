// What the page is built of, as it is seen in this width: each element by its parent, classes, attributes
// and look, without what it says and what it is called (model-report, field-title); and what only the page
// as a whole has: sheets, landmarks, the order of headings, names that stand twice.
inside => {
  document.getAnimations().forEach(one => one instanceof CSSTransition && one.finish());
  const all = (places, describe) => [...document.querySelectorAll(places)]
    .filter(element => element.checkVisibility({ visibilityProperty: true })).map(describe);
  const IGNORED = /^(value|required|max|min|rows|cols|size|name|method|action|novalidate|class|id$)/;
  const exists = ids => ids.split(" ").every(id => document.getElementById(id));
  const describe = element => {
    const { backgroundColor, backgroundImage, color, fontSize, fontWeight, overflowX } = getComputedStyle(element);
    const isLarge = parseFloat(fontSize) >= (fontWeight < 700 ? 24 : 18.66); // as axe has it
    const classes = [...element.classList].filter(name => !/^(app|model|field|column)-/.test(name));
    const names = element.getAttributeNames().filter(name => !IGNORED.test(name)).sort();
    return [element.localName, ...classes, element.getAttribute("type"), element.getAttribute("role"), ...names,
            names.filter(name => /^aria-.*by$/.test(name) && !exists(element.getAttribute(name))),
            !!element.labels?.length, !!element.textContent.trim(),
            /auto|scroll/.test(overflowX) && element.scrollWidth > element.clientWidth,
            backgroundColor, backgroundImage, color, isLarge].join(" ");
  };
  const known = new Map();
  const remember = element => known.get(element) ?? known.set(element, describe(element)).get(element);
  const sheets = [...document.styleSheets].map(({ href, ownerNode }) => href ?? ownerNode.textContent);
  const headings = all("h1, h2, h3, h4, h5, h6", ({ localName }) => localName);
  const ids = all("[id]", ({ id }) => id);
  const build = all(`${inside} *:not(svg *)`, one => `${remember(one.parentElement)} > ${remember(one)}`);
  return [...new Set([...build, sheets.join(), !document.title,
                      all("main, nav, aside, body > header, body > footer", one => one.localName).join(),
                      ...headings.map((name, at) => `${headings[at - 1]} then ${name}`),
                      ...ids.filter((id, at) => ids.indexOf(id) != at)].map(String))];
}
