// What a narrow window hides: what is wider than it, what is to be scrolled sideways, words that are cut.
() => {
  const found = [], told = new Set(), root = document.documentElement;
  const say = (what, one) => {
    const html = one.outerHTML.slice(0, 120);
    if (!told.has(what + html)) found.push([what, html]);
    told.add(what + html);
  };
  const seen = one => one.checkVisibility({visibilityProperty: true}) && !one.closest(".unseen, thead, svg");
  if (root.scrollWidth > root.clientWidth) say("sticks out", [...document.querySelectorAll("body *")]
    .find(one => seen(one) && one.getBoundingClientRect().right > root.clientWidth + 1) ?? root);
  for (const one of document.body.querySelectorAll("*")) {
    const style = getComputedStyle(one), over = one.scrollWidth > one.clientWidth + 1;
    if (!over || !one.clientWidth || style.display === "inline" || !seen(one)) continue;
    if (one.matches(".tabs, input, select, textarea")) continue; // a row of tabs shows that there is more
    if (style.overflowX !== "visible") say("is scrolled sideways", one);
    else if (one.matches("button, .button, .badge, h1, h2, h3, th, td, dt, dd, label, legend, summary, li, p, a")) say("is cut", one);
  }
  return found;
}
