// Tables that can be sorted: by every column, both ways, what is not known last.
import { visit } from "./visit.mjs";

export function sorted(width) {
  return (browser, file) => visit(browser, file, { width, calm: true }, order);
}

async function order(page) {
  const problems = [];
  const table = page.locator("table[data-sortable]:visible").first();
  const buttons = table.locator("thead button");
  if ((await buttons.count()) < 2) return ["the scorecard cannot be sorted"];
  const before = (await table.evaluate(read, 0)).rows;
  for (let button = 0; button < (await buttons.count()); button++) {
    const name = await buttons.nth(button).innerText();
    const place = await buttons.nth(button).evaluate((element) => element.closest("th").cellIndex);
    const orders = [];
    for (const key of ["Enter", "Space"]) {
      await buttons.nth(button).press(key);
      const { rows, column, said } = await table.evaluate(read, place);
      if ([...rows].sort().join("\n") !== [...before].sort().join("\n")) problems.push(`sorting by ${name} changes the rows`);
      const way = said[place];
      if (!["ascending", "descending"].includes(way) || said.some((other, at) => at !== place && other && other !== "none")) {
        problems.push(`sorting by ${name} says ${said.map((one) => one ?? "-").join(" ")}`);
      }
      orders.push({ way, column });
    }
    problems.push(...orders.flatMap(({ way, column }) => disorder(name, way, column)));
    if (orders[0].way === orders[1].way) problems.push(`${name} sorts one way only`);
  }
  return [...problems, ...(await page.evaluate(unlabelled))];
}

function read(table, place) {
  const rows = [...table.tBodies[0].rows];
  const shown = ({ cells }) => {
    const cell = cells[place];
    // What an index shows of several metrics is sorted by a key.
    if (table.matches(".portfolio")) return { text: (cell?.colSpan === 1 && cell.dataset.key) || "" };
    const text = cell && cell.colSpan === 1 ? cell.innerText.trim().split("\n")[0] : "";
    const verdict = cell?.querySelector(".verdict");
    return {
      text: text === "–" ? "" : text,
      group: verdict ? verdict.innerText.trim() : text === "–" ? "" : text,
      tone: cell?.querySelector(".verdict, .pill")?.className.split(" ").find((word) => ["good", "bad", "warning", "neutral"].includes(word)),
    };
  };
  return {
    rows: rows.map((row) => row.innerText),
    column: rows.map(shown),
    said: [...table.tHead.rows[0].cells].map((cell) => cell.getAttribute("aria-sort")),
  };
}

const STAGES = ["aware", "engage", "subscribe", "convert", "excite", "ascend", "advocate", "promote"];

function disorder(name, way, column) {
  const stage = ({ text }) => STAGES.indexOf(text.toLowerCase());
  const up = (one, other) => (way === "ascending" ? one - other : other - one);
  const judged = column.some(({ tone }) => tone);
  const problem = (one, other) => [`sorted by ${name}, ${way}, ${JSON.stringify(one)} comes before ${JSON.stringify(other)}`];
  if (judged) {
    // Good and bad news each together.
    const tones = column.map(({ tone }) => tone ?? "").filter((tone, at, all) => tone !== all[at - 1]);
    const news = tones.filter((tone) => tone === "good" || tone === "bad");
    return new Set(news).size === news.length ? [] : [`sorted by ${name}, ${way}, the tones are ${tones.join(", ")}`];
  }
  for (let at = 1; at < column.length; at++) {
    const [one, other] = [column[at - 1], column[at]];
    if (!one.text && other.text) return problem(one.text, other.text);
    if (!one.text || !other.text) continue;
    const difference =
      stage(one) >= 0 && stage(other) >= 0 ? stage(one) - stage(other) : one.text.localeCompare(other.text, "en", { numeric: true });
    if (up(difference, 0) > 0) return problem(one.text, other.text);
  }
  return [];
}

// On a phone a row is a card, where each value needs its column's name.
function unlabelled() {
  const problems = [];
  for (const row of document.querySelectorAll("table.stack tbody tr")) {
    const heads = [...row.closest("table").tHead.rows[0].cells];
    if (!row.checkVisibility() || heads.every((head) => head.checkVisibility())) continue;
    for (const cell of row.cells) {
      const value = cell.innerText.trim();
      // What says itself what it is needs none.
      if (!value || cell.matches("th, .stage-name, .standing, .files, .status, .owner, .trend, .gap, [colspan]")) continue;
      const label = getComputedStyle(cell, "::before").content;
      const name = heads[cell.cellIndex].innerText.trim() || heads[cell.cellIndex].textContent.trim();
      if (label !== JSON.stringify(name)) problems.push(`on a phone ${JSON.stringify(value)} is labelled ${label}, not "${name}"`);
    }
  }
  return problems;
}
