// Where text lies: inside the page, inside its box, and not on other text.
import { unfold, visit } from "./visit.mjs";

export const WIDTHS = [320, 390, 768, 1280];

export function laidOut(width) {
  return (browser, file) =>
    visit(browser, file, { width }, async (page) => {
      const closed = await page.evaluate(tooWide);
      await unfold(page);
      return [...closed, ...(await page.evaluate(tooWide)), ...(await page.evaluate(misplaced))];
    });
}

function tooWide() {
  const { scrollWidth, clientWidth } = document.documentElement;
  return scrollWidth > clientWidth ? [`the page is ${scrollWidth - clientWidth} px too wide`] : [];
}

// Self-contained, because it runs in the page.
export function misplaced() {
  const problems = [];
  // Room for rounding.
  const SLACK = 1.5;
  const shortly = (text) => JSON.stringify(text.trim().replace(/\s+/g, " ").slice(0, 60));
  const place = (element) => {
    const named = element.closest("[id]");
    const of = named && named !== element ? ` in #${named.id}` : "";
    const svg = element.closest("svg");
    if (svg) return `${svg.querySelector("title")?.textContent ?? "a drawing"}${of}`;
    return `${element.tagName.toLowerCase()}${element.className && `.${[...element.classList].join(".")}`}${of}`;
  };

  // What can be seen of an element's content: the intersection of all that cuts it.
  const windows = new Map();
  const EVERYWHERE = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };
  const intersection = (one, other) => ({
    left: Math.max(one.left, other.left),
    top: Math.max(one.top, other.top),
    right: Math.min(one.right, other.right),
    bottom: Math.min(one.bottom, other.bottom),
  });
  const windowOf = (element) => {
    if (!element || element === document.documentElement || element === document.body) return EVERYWHERE;
    if (!windows.has(element)) {
      const outer = windowOf(element.parentElement);
      const { overflowX, overflowY } = getComputedStyle(element);
      const cuts = !(element instanceof SVGElement) && (overflowX !== "visible" || overflowY !== "visible");
      windows.set(element, cuts ? intersection(outer, element.getBoundingClientRect()) : outer);
    }
    return windows.get(element);
  };

  // Every line of text, without the room above capitals and below descenders.
  const lines = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const parent = node.parentElement;
    if (!node.data.trim() || parent.closest("script, style, title, desc")) continue;
    if (!parent.checkVisibility({ visibilityProperty: true })) continue;
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      if (rect.width < 1 || rect.height < 1) continue;
      const ink = { left: rect.left, right: rect.right, top: rect.top + rect.height * 0.18, bottom: rect.bottom - rect.height * 0.2 };
      lines.push({ node, parent, ink, seen: intersection(ink, windowOf(parent)) });
    }
  }
  if (lines.length === 0) problems.push("the page shows no text");

  // Text in its box, less the room that the box keeps at its sides.
  const inner = (box) => {
    const { left, right, top, bottom } = box.getBoundingClientRect();
    const { paddingLeft, paddingRight } = getComputedStyle(box);
    return { left: left + parseFloat(paddingLeft), right: right - parseFloat(paddingRight), top, bottom };
  };
  for (const { node, parent, ink } of lines) {
    const svg = parent.closest("svg");
    let box = svg;
    if (!svg) {
      box = parent;
      while (["inline", "contents"].includes(getComputedStyle(box).display)) box = box.parentElement;
    }
    const { left, right, top, bottom } = inner(box);
    // A space that is kept hangs over the end of its line.
    const hanging = getComputedStyle(parent).whiteSpaceCollapse === "preserve" ? 10 : 0;
    if (ink.left < left - SLACK - hanging || ink.right > right + SLACK + hanging) problems.push(`${shortly(node.data)} sticks out of ${place(box)}`);
    else if (svg && (ink.top < top - SLACK || ink.bottom > bottom + SLACK)) problems.push(`${shortly(node.data)} sticks out of ${place(svg)}`);
  }

  // Text on other text: compared within bands of the page.
  const BAND = 100;
  const bands = new Map();
  for (const line of lines) {
    const { left, right, top, bottom } = line.seen;
    if (right - left < 1 || bottom - top < 1 || right < 0) continue;
    for (let band = Math.floor(top / BAND); band <= Math.floor(bottom / BAND); band++) {
      if (!bands.has(band)) bands.set(band, []);
      bands.get(band).push(line);
    }
  }
  const told = new Set();
  for (const band of bands.values()) {
    band.sort((one, other) => one.seen.left - other.seen.left);
    band.forEach((one, index) => {
      for (let next = index + 1; next < band.length && band[next].seen.left < one.seen.right - SLACK; next++) {
        const other = band[next];
        if (one.node === other.node || Math.min(one.seen.bottom, other.seen.bottom) - Math.max(one.seen.top, other.seen.top) < SLACK) continue;
        if (one.seen.right - one.seen.left < SLACK || other.seen.right - other.seen.left < SLACK) continue;
        told.add(`${shortly(one.node.data)} and ${shortly(other.node.data)} overlap in ${place(one.parent)}`);
      }
    });
  }
  problems.push(...told);

  // Content that its box cuts off, with no way to get at it.
  for (const element of document.body.querySelectorAll("*")) {
    if (element instanceof SVGElement || !element.checkVisibility()) continue;
    const { overflowX, overflowY, textOverflow } = getComputedStyle(element);
    const cut = (overflow) => overflow === "hidden" || overflow === "clip";
    const wide = cut(overflowX) && textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + SLACK;
    const high = cut(overflowY) && element.scrollHeight > element.clientHeight + SLACK;
    if (wide || high) problems.push(`${place(element)} cuts off ${shortly(element.textContent)}`);
  }
  return problems;
}
