// The page on paper: nothing past the edge, nothing cut off, no row on two pages, and not too many pages.
import { misplaced } from "./layout.mjs";
import { unfold, visit } from "./visit.mjs";

// What the page's margins (10 mm and 12 mm) leave, in CSS pixels.
const INCH = 96;
const MARGINS = { across: (24 / 25.4) * INCH, down: (20 / 25.4) * INCH };
const A4 = [(210 / 25.4) * INCH, (297 / 25.4) * INCH];
export const SHEETS = { A4, Letter: [8.5 * INCH, 11 * INCH], "A4 across": A4.toReversed() };

// The sample is what a consultant would send; the others are odd, but no book.
const SAMPLE_PAGES = { A4: 14, Letter: 16 };
const CLIENT_PAGES = { A4: 20, Letter: 22, "A4 across": 3 };

export function printed(format) {
  const [across, down] = SHEETS[format];
  const width = Math.floor(across - MARGINS.across);
  const height = Math.floor(down - MARGINS.down);
  return (browser, file, named) =>
    visit(browser, file, { width, height }, async (page) => {
      const pdf = await page.pdf({ width: across, height: down, preferCSSPageSize: false });
      const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0;
      const most = (named === "northwind" ? SAMPLE_PAGES : CLIENT_PAGES)[format];
      const problems = pages > 0 && pages <= most ? [] : [`${pages} pages, more than ${most}`];
      await page.emulateMedia({ media: "print" });
      const closed = await page.evaluate(spilled, { width, height });
      await unfold(page);
      return [...problems, ...closed, ...(await page.evaluate(spilled, { width, height })), ...(await page.evaluate(misplaced))];
    });
}

function spilled({ width, height }) {
  const problems = [];
  const place = (element) => {
    const named = element.closest("[id]");
    const text = element.textContent.trim().replace(/\s+/g, " ").slice(0, 40);
    return `${element.tagName.toLowerCase()}${named ? ` in #${named.id}` : ""} (${text})`;
  };
  for (const element of document.body.querySelectorAll("*")) {
    if (!element.checkVisibility() || element.closest("svg, details:not([open]) > :not(summary)")) continue;
    const box = element.getBoundingClientRect();
    if (box.width > 0 && (box.right > width + 1 || box.left < -1)) problems.push(`${place(element)} goes past the paper's edge`);
    const { overflowX, breakInside } = getComputedStyle(element);
    if (overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1) problems.push(`${place(element)} is cut off on paper`);
    if (element.matches("tbody tr, figure")) {
      if (!breakInside.startsWith("avoid")) problems.push(`${place(element)} may be split between pages`);
      else if (box.height > height) problems.push(`${place(element)} is higher than a page`);
    }
  }
  return problems;
}
