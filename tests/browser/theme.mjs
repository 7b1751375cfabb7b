// Light and dark: as the system has it, or as the reader chose, by keyboard, and remembered.
import { visit } from "./visit.mjs";

export function themed(browser, file) {
  return visit(browser, file, { scheme: "light" }, async (page) => {
    const problems = [];
    const expect = async (when, dark, pressed) => {
      const now = await page.evaluate(colours);
      if (now.dark.some((part) => part !== dark)) problems.push(`${when}, the page is not ${dark ? "dark" : "light"} throughout: ${now.shown}`);
      const chosen = now.pressed.join(" and ");
      if (chosen !== pressed) problems.push(`${when}, ${chosen || "no theme"} is pressed, not ${pressed}`);
    };
    const choose = async (theme) => {
      await page.focus(`.theme button[value="${theme}"]`, { timeout: 2000 });
      await page.keyboard.press(theme === "dark" ? "Space" : "Enter");
    };
    if (!(await page.locator(".theme").isVisible())) return ["no theme can be chosen"];
    await expect("on a light system", false, "system");
    await page.emulateMedia({ colorScheme: "dark" });
    await expect("on a dark system", true, "system");
    await choose("light");
    await expect("with light chosen on a dark system", false, "light");
    await choose("dark");
    await page.emulateMedia({ colorScheme: "light" });
    await expect("with dark chosen on a light system", true, "dark");
    await page.reload();
    await expect("when it is opened again", true, "dark");
    await choose("system");
    await expect("with the system's theme chosen again", false, "system");
    await page.reload();
    await expect("when it is opened once more", false, "system");
    return problems;
  });
}

// Whether the ground is dark and what is written and drawn on it is light.
function colours() {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const bright = (colour) => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
    return 0.299 * red + 0.587 * green + 0.114 * blue > 127;
  };
  const style = (selector) => getComputedStyle(document.querySelector(selector));
  const ground = [style("body").backgroundColor, style("main section").backgroundColor];
  const ink = [style("body").color, style("main h2").color, style("#journey svg text").fill];
  return {
    dark: [...ground.map((colour) => !bright(colour)), ...ink.map(bright)],
    shown: [...ground, ...ink].join(", "),
    pressed: [...document.querySelectorAll('.theme button[aria-pressed="true"]')].map(({ value }) => value),
  };
}
