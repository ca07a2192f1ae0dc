// How it looks. A shop changes it by the custom properties beginning with --parley-, which reach into the shadow root.
import { hex, on, readable } from "./colour";
import type { Options } from "./options";

const LIGHT = { ground: "#ffffff", sunk: "#f3f3f6", bubble: "#eeeef2", text: "#1b1c22", quiet: "#5a5d69", line: "#dedee5", field: "#85879a", red: "#a4211b" };
const DARK = { ground: "#1c1d23", sunk: "#15161b", bubble: "#2c2e37", text: "#ecedf1", quiet: "#aeb1bf", line: "#3a3c47", field: "#7d8093", red: "#ff9d94" };
const ACCENT: [number, number, number] = [61, 82, 201];

function palette(theme: typeof LIGHT, accent: [number, number, number]): string {
  const colours = Object.entries(theme).map(([key, value]) => `--${key}:${value};`);
  return `${colours.join("")}--link:${readable(accent, hex(theme.bubble) ?? [255, 255, 255])};--shade:${theme === DARK ? "0 12px 40px #000a" : "0 12px 40px #14151c3d,0 2px 6px #14151c24"};`;
}

/** The style sheet of this snippet. */
export function styles(options: Options): string {
  const accent = hex(options.accent) ?? ACCENT;
  const [r, g, b] = accent;
  const dark = `.root{color-scheme:dark;${palette(DARK, accent)}}`;
  return `.root{--accent:var(--parley-accent,rgb(${r} ${g} ${b}));--on:var(--parley-on-accent,${on(accent)});color-scheme:light;${palette(LIGHT, accent)}}${
    options.theme === "dark" ? dark : options.theme === "auto" ? `@media (prefers-color-scheme:dark){:host(.may-be-dark) ${dark}}` : ""
  }${RULES}`;
}

const RULES = `
:host{all:initial!important}
*{box-sizing:border-box;margin:0;font:inherit;color:inherit}
[hidden]{display:none!important}
.root{font:400 15px/1.45 var(--parley-font,system-ui,-apple-system,"Segoe UI","Noto Sans","Noto Sans Arabic",sans-serif);color:var(--text);position:fixed;z-index:var(--parley-z,2147483000);inset-block-end:calc(var(--parley-offset-y,20px) + env(safe-area-inset-bottom));inset-inline-end:calc(var(--parley-offset-x,20px) + env(safe-area-inset-right))}
.root.start{inset-inline:calc(var(--parley-offset-x,20px) + env(safe-area-inset-left)) auto}
button{background:none;border:0;padding:0;cursor:pointer;text-align:inherit}
button:disabled{cursor:default;opacity:.5}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.launcher{display:grid;place-items:center;position:relative;inline-size:56px;block-size:56px;border-radius:50%;background:var(--accent);color:var(--on);box-shadow:var(--shade);margin-inline-start:auto}
.launcher svg{inline-size:26px;block-size:26px}
.start .launcher{margin-inline:0 auto}
.launcher:focus-visible{outline:3px solid var(--text);box-shadow:0 0 0 3px var(--ground)}
.badge{position:absolute;inset-block-start:-4px;inset-inline-end:-4px;min-inline-size:22px;padding:0 6px;border-radius:11px;background:#c3261d;color:#fff;font:600 12px/22px system-ui,sans-serif;text-align:center}
.panel{display:flex;flex-direction:column;position:absolute;inset-block-end:68px;inset-inline-end:0;inline-size:min(384px,calc(100vw - 40px));block-size:min(620px,calc(100vh - 120px));block-size:min(620px,calc(100dvh - 120px));background:var(--ground);border:1px solid var(--line);border-radius:var(--parley-radius,16px);box-shadow:var(--shade);overflow:hidden;animation:rise .12s ease-out}
.start .panel{inset-inline:0 auto}
@keyframes rise{from{opacity:0;transform:translateY(8px)}}
.head{display:flex;align-items:center;gap:4px;padding:10px 8px 10px 16px;background:var(--accent);color:var(--on)}
[dir=rtl] .head{padding:10px 16px 10px 8px}
.head h2{flex:1;min-inline-size:0;font-weight:600;font-size:16px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.icon{display:grid;place-items:center;flex:none;inline-size:40px;block-size:40px;border-radius:10px}
.icon:hover:enabled{background:color-mix(in srgb,currentColor 12%,transparent)}
.head :focus-visible{outline-color:var(--on);outline-offset:-3px}
.menu{position:absolute;z-index:2;inset-block-start:52px;inset-inline-end:8px;max-inline-size:280px;padding:6px;background:var(--ground);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shade)}
.menu button{display:block;inline-size:100%;padding:9px 12px;border-radius:8px}
.menu button:hover,.menu button:focus-visible{background:var(--sunk)}
.status{padding:8px 16px;background:var(--sunk);border-block-end:1px solid var(--line);font-size:13px}
.status:empty{display:none}
.log{flex:1;min-block-size:0;overflow:auto;overscroll-behavior:contain;padding:16px;display:flex;flex-direction:column;gap:8px}
.log:focus-visible{outline-offset:-2px}
.greeting{margin-block-end:4px}
.log>ol{list-style:none;padding:0;display:flex;flex-direction:column;gap:4px}
.line{display:flex;flex-direction:column;align-items:flex-start;max-inline-size:85%;min-inline-size:0}
.line.own{align-self:flex-end;align-items:flex-end}
.who{margin-block-start:8px}
.who,.meta,.day,.typing{font-size:12px;color:var(--quiet)}
.day{align-self:center;padding-block:10px 4px}
.meta{display:flex;flex-wrap:wrap;gap:4px 10px;padding-block:2px 4px}
.meta .bad{color:var(--red)}
.meta button,.more-text,.earlier,a{color:var(--link);text-decoration:underline;text-underline-offset:2px}
.earlier{align-self:center;padding:4px 8px;font-size:13px}
.bubble{max-inline-size:100%;padding:8px 12px;border-radius:14px;background:var(--bubble);white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid transparent}
.rich{white-space:normal}
.rich>*+*{margin-block-start:6px}
.rich :is(ul,ol){padding-inline-start:20px}
.rich ul{list-style:disc}
b,strong{font-weight:700}
i,em{font-style:italic}
.greeting{align-self:flex-start;max-inline-size:85%}
.own .bubble{background:var(--accent);color:var(--on)}
.own .bubble a,.own .more-text{color:inherit}
.own .bubble :focus-visible{outline-color:var(--on)}
.odd .bubble{background:none;border-color:var(--line);color:var(--quiet);font-style:italic}
.picture{display:block;max-inline-size:100%;max-block-size:260px;inline-size:auto;block-size:auto;border-radius:12px;background:var(--bubble);min-inline-size:48px;min-block-size:48px}
.file{display:flex;align-items:center;gap:8px;text-decoration:underline;text-underline-offset:2px;overflow-wrap:anywhere}
.file svg{flex:none}
.marks{display:flex;flex-wrap:wrap;gap:4px;margin-block-start:-4px;padding-inline:8px}
.marks span{padding:0 7px;border-radius:10px;background:var(--ground);border:1px solid var(--line);font-size:13px;line-height:20px}
progress{inline-size:180px;max-inline-size:100%;block-size:8px;accent-color:var(--link)}
.typing{min-block-size:18px}
.sheet{padding:12px 16px;background:var(--sunk);border-block-start:1px solid var(--line);display:grid;gap:8px}
.foot{flex:none;max-block-size:60%;overflow:auto}
.sheet h3{font-weight:600;font-size:15px}
.sheet p{font-size:14px}
label{display:grid;gap:3px;font-size:13px}
input,textarea{background:var(--ground);border:1px solid var(--field);border-radius:10px;padding:8px 10px;font-size:16px;inline-size:100%}
textarea:focus-visible,input:focus-visible{outline-offset:0}
::placeholder{color:var(--quiet);opacity:1}
.problem{color:var(--red);font-size:13px}
.problem:empty{display:none}
.row{display:flex;flex-wrap:wrap;gap:8px}
.plain,.solid{padding:8px 14px;border-radius:10px;border:1px solid var(--field);font-weight:500}
.solid{background:var(--accent);border-color:transparent;color:var(--on)}
.composer{display:flex;align-items:flex-end;gap:4px;padding:8px;border-block-start:1px solid var(--line);padding-block-end:calc(8px + env(safe-area-inset-bottom)*var(--full,0))}
.composer textarea{flex:1;min-inline-size:0;resize:none;max-block-size:132px;field-sizing:content;line-height:22px}
.composer .go{background:var(--accent);color:var(--on);border-radius:50%}
.composer .go:disabled{background:var(--bubble);color:var(--quiet);opacity:1}
.dropping{outline:2px dashed var(--link);outline-offset:-6px}
.unseen{position:absolute;inline-size:1px;block-size:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:480px){
.root.open{inset:0!important;--full:1}
.open .launcher{display:none}
.open .panel{inset:var(--seen-top,0) 0 auto;inline-size:auto;block-size:var(--seen,100dvh);border:0;border-radius:0;padding-block-start:env(safe-area-inset-top);background:linear-gradient(var(--accent) env(safe-area-inset-top),var(--ground) 0)}
}
@media (prefers-reduced-motion:reduce){.panel{animation:none}}
@media (forced-colors:active){.launcher,.bubble,.solid,.composer .go,.head,.badge{border:1px solid}.own .bubble{border-width:2px}}
@media print{.root{display:none}}
`;

/** Puts the style sheet into the shadow root without an inline style, which a strict content policy would refuse. */
export function dress(root: ShadowRoot, options: Options, nonce: string): void {
  const css = styles(options);
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    root.adoptedStyleSheets = [sheet];
  } catch {
    // Browsers of before 2023: an element, which a policy lets through by the nonce of our own script.
    const element = document.createElement("style");
    element.nonce = nonce;
    element.textContent = css;
    root.append(element);
  }
}
