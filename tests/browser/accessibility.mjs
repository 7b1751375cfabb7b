// axe-core's rules, and the contrast of text in drawings, which axe does not look at.
import axe from "axe-core";

import { unfold, visit } from "./visit.mjs";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// What may depend on colours; the other rules are asked once.
const COLOURS = ["color-contrast", "link-in-text-block"];

export function accessible(scheme, width) {
  const only = scheme === "dark" ? { type: "rule", values: COLOURS } : { type: "tag", values: RULES };
  return (browser, file) =>
    visit(browser, file, { width, scheme, policy: false }, async (page) => {
      await unfold(page, 1);
      // axe takes its time over all that there is; what stays closed is like what was opened.
      await page.evaluate(() => {
        for (const folded of document.querySelectorAll("details:not([open])")) folded.replaceChildren(folded.querySelector("summary"));
      });
      await page.evaluate(axe.source);
      const broken = await page.evaluate(async (only) => {
        const result = await axe.run(document, { runOnly: only, resultTypes: ["violations"], preload: false });
        return result.violations.flatMap(({ id, nodes }) =>
          nodes.map(({ target, any, all, none }) => {
            const why = [...all, ...none, ...any].map(({ message }) => message)[0];
            return `${id}: ${target.flat().join(" ")}: ${why}`;
          }),
        );
      }, only);
      return [...broken, ...(await page.evaluate(faint))];
    });
}

// Text in drawings, against the shape under its middle.
function faint() {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const bytes = new Map();
  const rgba = (colour) => {
    if (!bytes.has(colour)) {
      pen.clearRect(0, 0, 1, 1);
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
      bytes.set(colour, [red, green, blue, alpha / 255]);
    }
    return bytes.get(colour);
  };
  const over = ([red, green, blue, alpha], ground) =>
    [red, green, blue].map((part, index) => part * alpha + ground[index] * (1 - alpha));
  const luminance = (colour) => {
    const [red, green, blue] = colour.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0) return over(colour, [255, 255, 255]);
    }
    return [255, 255, 255];
  };
  const problems = [];
  for (const svg of document.querySelectorAll("svg")) {
    if (!svg.checkVisibility()) continue;
    const paper = behind(svg);
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const shapes = [];
    for (const element of svg.querySelectorAll("text, rect, circle, ellipse, path, polygon")) {
      const style = getComputedStyle(element);
      if (element.tagName !== "text") {
        if (style.fill !== "none") shapes.push([element, style]);
        continue;
      }
      const box = element.getBBox();
      const middle = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2);
      let ground = paper;
      for (const [shape, { fill, fillOpacity, opacity }] of shapes) {
        if (!fill.startsWith("url(") && shape.isPointInFill(middle)) {
          const [red, green, blue, alpha] = rgba(fill);
          ground = over([red, green, blue, alpha * fillOpacity * opacity], ground);
        }
      }
      const [dim, bright] = [luminance(over(rgba(style.fill), ground)), luminance(ground)].sort((a, b) => a - b);
      const size = parseFloat(style.fontSize) * scale;
      const wanted = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
      const contrast = (bright + 0.05) / (dim + 0.05);
      if (contrast < wanted) {
        const name = svg.querySelector("title")?.textContent ?? "a drawing";
        problems.push(`contrast ${contrast.toFixed(2)} of "${element.textContent.trim()}" in ${name}`);
      }
    }
  }
  return problems;
}
