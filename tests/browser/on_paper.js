// What is lost on paper: what sticks out or is cut, menus and buttons, what only its ground tells, rows that are parted.
() => {
  const found = [], told = new Set(), root = document.documentElement;
  const say = (what, one) => {
    const html = one.outerHTML.slice(0, 120);
    if (!told.has(what + html)) found.push([what, html]);
    told.add(what + html);
  };
  const light = colour => {
    const [red, green, blue] = colour.match(/[\d.]+/g).slice(0, 3).map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const seen = one => one.checkVisibility({visibilityProperty: true}) && !one.closest(".unseen");
  const filled = style =>
    !/^(transparent|rgba\(0, 0, 0, 0\))$/.test(style.backgroundColor) || style.backgroundImage !== "none";
  if (root.scrollWidth > root.clientWidth) say("sticks out", [...document.querySelectorAll("main *")]
    .find(one => seen(one) && one.getBoundingClientRect().right > root.clientWidth + 1) ?? root);
  for (const one of document.querySelectorAll("nav, button, .button, .skip, .filter, .menu, input[type=file]"))
    if (seen(one) && !one.matches("[aria-pressed=true]")) say("is for the screen alone", one);
  for (const one of document.body.querySelectorAll("*")) {
    if (one.closest("svg") || !seen(one)) continue;
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    const cut = (way, whole, part) => style[way] !== "visible" && one[whole] > one[part] + 1;
    if (style.display !== "inline" && box.width && !one.matches("input, select, progress, meter") &&
        (cut("overflowX", "scrollWidth", "clientWidth") || cut("overflowY", "scrollHeight", "clientHeight")))
      say("is cut", one);
    const words = [...one.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (words && 1.05 / (light(style.color) + 0.05) < 4.5) say("cannot be read without its ground", one);
    if (filled(style) && style.printColorAdjust !== "exact" && !one.textContent.trim() && !one.querySelector("svg, img") &&
        !one.matches("input, select, textarea") && box.width && box.height)
      say("is a ground and nothing else", one);
    for (const part of ["::before", "::after"]) {
      const drawn = getComputedStyle(one, part);
      if (drawn.content === '""' && filled(drawn) && drawn.printColorAdjust !== "exact") say(`${part} is a ground and nothing else`, one);
    }
    if (one.matches("tr") && style.breakInside !== "avoid") say("may be parted", one);
    if (one.matches("thead") && style.display !== "table-header-group") say("stands on one sheet only", one);
  }
  return found;
}
