// The page is only what cvj put there: one script, one style, no markup out of data, nothing loaded, also where no policy forbids it.
import { visit } from "./visit.mjs";

export async function safe(browser, file) {
  let usual;
  const problems = await visit(browser, file, { script: false }, async (page) => {
    usual = await page.evaluate(() => Object.getOwnPropertyNames(window));
    return [];
  });
  for (const policy of [true, false]) problems.push(...(await visit(browser, file, { policy }, (page) => page.evaluate(strange, usual))));
  return problems;
}

function strange(usual) {
  const problems = [];
  const count = (selector, wanted) => {
    const found = document.querySelectorAll(selector).length;
    if (found !== wanted) problems.push(`${found} elements ${selector}, not ${wanted}`);
  };
  count("script", 1);
  count("head > script", 1);
  count("head > style", 1);
  count("style", 1);
  count('meta[http-equiv="Content-Security-Policy"]', 1);
  count("meta[http-equiv]", 1);
  count("iframe, object, embed, link, base, form, template, foreignObject, audio, video, marquee, math", 0);
  count('img:not([src^="data:"])', 0);
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) problems.push(`${element.tagName.toLowerCase()} has the attribute ${name}`);
      const leads = ["href", "xlink:href", "src", "action", "formaction", "data", "srcdoc"].includes(name);
      if (leads && /javascript:|vbscript:|data:text/i.test(value)) problems.push(`${element.tagName.toLowerCase()} has ${name}=${value}`);
    }
  }
  const known = new Set(usual);
  const added = Object.getOwnPropertyNames(window).filter((name) => !known.has(name));
  if (added.length > 0) problems.push(`new globals: ${added.join(", ")}`);
  return problems;
}
