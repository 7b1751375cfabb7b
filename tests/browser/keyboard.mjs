// The page without a mouse: every control is reached in the order of the page and can be seen to be; what is folded opens.
import { visit } from "./visit.mjs";

// Of things folded that look alike, so many are opened.
const ALIKE = 3;

export function walked(width) {
  return async (browser, file) => [
    ...(await visit(browser, file, { width, calm: true }, skipped)),
    ...(await visit(browser, file, { width, calm: true }, walk)),
  ];
}

async function skipped(page) {
  await page.keyboard.press("Tab");
  const link = await page.evaluate(() => {
    const first = document.activeElement;
    const { left, right, top, bottom } = first.getBoundingClientRect();
    const shown = left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight;
    return { text: first.textContent, skips: first.matches('a[href^="#"]'), shown };
  });
  if (!link.skips || !link.text.startsWith("Skip")) return ["the first control is no link that skips to the content"];
  const problems = link.shown ? [] : ["the link that skips to the content cannot be seen when it has the focus"];
  await page.keyboard.press("Enter");
  const inside = await page.evaluate(() => document.activeElement.closest("main") !== null);
  if (!inside) problems.push("the link that skips to the content does not move the focus there");
  return problems;
}

async function walk(page) {
  const problems = [];
  const state = await page.evaluateHandle(() => {
    const CONTROLS = 'a[href], button, summary, input, select, textarea, [tabindex="0"]';
    const mark = (element) => {
      const { outlineStyle, outlineWidth, outlineColor, boxShadow } = getComputedStyle(element);
      return [outlineStyle, outlineStyle === "none" ? "" : outlineWidth, outlineStyle === "none" ? "" : outlineColor, boxShadow].join(" ");
    };
    const controls = [...document.querySelectorAll(CONTROLS)];
    const resting = new Map(controls.map((control) => [control, mark(control)]));
    return { controls, mark, resting, reached: new Set(), last: null, alike: new Map() };
  });
  // Far more than any page has; a walk that does not end is a trap.
  for (let step = 0; step < 10_000; step++) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate((state) => {
      const element = document.activeElement;
      if (!element || element === document.body || state.reached.has(element)) return { end: true };
      state.reached.add(element);
      const problems = [];
      const text = (element.getAttribute("aria-label") ?? element.textContent).trim().replace(/\s+/g, " ").slice(0, 50);
      const name = `${element.tagName.toLowerCase()} "${text}"`;
      if (state.last && !(state.last.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING)) {
        problems.push(`${name} comes out of the page's order`);
      }
      state.last = element;
      const mark = state.mark(element);
      const seen = !mark.startsWith("none") || !mark.endsWith("none");
      if (!seen || mark === state.resting.get(element)) problems.push(`${name} has the focus and does not show it`);
      const box = element.getBoundingClientRect();
      const across = [box.left + 2, (box.left + box.right) / 2, box.right - 2];
      const down = [box.top + 2, (box.top + box.bottom) / 2, box.bottom - 2];
      const uncovered = across.some((x) => down.some((y) => element.contains(document.elementFromPoint(x, y))));
      if (!uncovered) problems.push(`${name} has the focus and is out of sight`);
      const folded = element.tagName === "SUMMARY" && !element.parentElement.open;
      const { className, id } = element.parentElement.parentElement;
      const kind = folded && `${element.parentElement.className} in ${className} ${id.split("-")[0]}`;
      if (folded) state.alike.set(kind, (state.alike.get(kind) ?? 0) + 1);
      return { problems, name, folded, seldom: folded && state.alike.get(kind) };
    }, state);
    if (at.end) break;
    problems.push(...at.problems);
    if (at.folded && at.seldom <= ALIKE) {
      const key = step % 2 ? "Enter" : "Space";
      await page.keyboard.press(key);
      if (!(await page.evaluate(() => document.activeElement.parentElement.open))) problems.push(`${at.name} does not open by ${key}`);
    }
  }
  const missed = await page.evaluate(
    (state) =>
      state.controls
        .filter((control) => control.checkVisibility({ visibilityProperty: true }) && !state.reached.has(control))
        .map((control) => `${control.tagName.toLowerCase()} "${control.textContent.trim().slice(0, 50)}" is never reached`),
    state,
  );
  return [...problems, ...missed];
}
