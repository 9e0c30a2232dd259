/* A live frame: tells the page around it how high it is, and looks for news without a reload. What
   cannot be fetched stays as it is; a day later the sheet greys it. */
(() => {
  "use strict";
  const EVERY = 30_000;

  // What the sheet hides in a low frame stays shown here: this one becomes as high as its words.
  document.documentElement.classList.add("live");

  const tell = () => {
    document.body.style.height = "auto"; // else it is as high as the frame
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    document.body.style.height = "";
    parent.postMessage({ thanhHoaHeight: height }, "*"); // a height is no secret
  };

  const replace = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const name of ["header", "main", "nav", "footer"]) {
      const [old, now] = [document, fresh].map((page) => page.querySelector(name));
      // A new element begins its day anew: its animations start again.
      if (old && now) old.replaceWith(document.adoptNode(now));
    }
    document.body.className = fresh.body.className;
    tell();
  };

  const look = async () => {
    try {
      const answer = await fetch(location.href, { cache: "no-cache", credentials: "omit" });
      if (answer.ok) replace(await answer.text());
    } catch {
      // The line is down: what stands here stays, and greys by itself.
    }
  };

  addEventListener("load", tell);
  addEventListener("resize", tell);
  setInterval(() => document.hidden || look(), EVERY);
  document.addEventListener("visibilitychange", () => {
    document.hidden || look();
  });
})();
