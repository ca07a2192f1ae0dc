// What of a page cannot be read whole, looked for inside the page.

/** Runs in the page: the words of the catalogue that are not whole on the screen. What people wrote may be cut: names, subjects, addresses. */
export function cutOff() {
  const out = [];
  const name = (el) => {
    const near = el.closest("[data-testid]");
    const own = `${el.tagName.toLowerCase()}${[...el.classList].filter((c) => !c.startsWith("svelte-")).map((c) => `.${c}`).join("")}`;
    return near === null || near === el ? (near === null ? own : `${own}[${near.dataset.testid}]`) : `[${near.dataset.testid}] ${own}`;
  };
  // Only what is said by the window itself is judged, and that is in brackets (or, in a real language, all of it).
  const pseudo = "pseudo" in document.documentElement.dataset;
  const ours = (el) => el.closest("[dir=auto], bdi, .own, [data-testid=message-text]") === null && (!pseudo || /\[/.test(el.textContent));
  const scrolls = (el) => el !== null && (/auto|scroll/.test(getComputedStyle(el).overflowX) && el.scrollWidth > el.clientWidth + 1 && el.tabIndex >= 0 || scrolls(el.parentElement));
  for (const el of document.querySelectorAll("body *")) {
    if (el.closest("svg, iframe, .sr-only, [aria-hidden=true], option") || !ours(el)) continue;
    const own = [...el.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== "");
    const style = getComputedStyle(el);
    const box = el.getBoundingClientRect();
    if (box.width === 0 || style.visibility === "hidden") continue;
    if ((own || el.classList.contains("cut")) && style.overflowX !== "visible" && style.overflowX !== "auto" && style.overflowX !== "scroll" && el.scrollWidth > el.clientWidth + 1 && !["INPUT", "TEXTAREA"].includes(el.tagName)) {
      if (el.title === "" && el.closest("[title]") === null) out.push(`cut off: ${name(el)} “${el.textContent.trim().slice(0, 40)}”`);
      continue;
    }
    if (!own) continue;
    const range = document.createRange();
    range.selectNodeContents(el);
    const text = range.getBoundingClientRect();
    if (scrolls(el)) continue;
    if (text.right > innerWidth + 1 || text.left < -1) out.push(`out of the window: ${name(el)} “${el.textContent.trim().slice(0, 40)}”`);
    else if (style.display !== "inline" && (text.right > box.right + 2 || text.left < box.left - 2) && style.overflowX === "visible") out.push(`over its box: ${name(el)} “${el.textContent.trim().slice(0, 40)}”`);
    else if (["BUTTON", "LABEL", "SUMMARY"].includes(el.tagName) && text.height > box.height + 2) out.push(`higher than its box: ${name(el)} “${el.textContent.trim().slice(0, 40)}”`);
  }
  for (const el of document.querySelectorAll("select")) {
    const probe = document.createElement("span");
    const style = getComputedStyle(el);
    probe.style.cssText = `position:absolute;visibility:hidden;white-space:nowrap;font:${style.font}`;
    probe.textContent = el.selectedOptions[0]?.textContent.trim() ?? "";
    document.body.append(probe);
    if ((!pseudo || probe.textContent.includes("[")) && el.closest("[data-testid=composer-from]") === null && probe.offsetWidth > el.clientWidth - parseFloat(style.paddingInlineStart) - parseFloat(style.paddingInlineEnd) + 1) out.push(`cut off: select ${name(el)} “${probe.textContent.slice(0, 40)}”`);
    probe.remove();
  }
  for (const el of document.querySelectorAll("input[placeholder], textarea[placeholder]")) {
    if (el.value !== "" || el.placeholder === "") continue;
    if (el.tagName === "INPUT" && el.scrollWidth > el.clientWidth + 1) out.push(`cut off: placeholder ${name(el)} “${el.placeholder.slice(0, 40)}”`);
  }
  if (document.documentElement.scrollWidth > innerWidth) out.push("the page is wider than the window");
  return out;
}
