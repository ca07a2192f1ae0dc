"use strict";

const at = (id) => document.getElementById(id);
const kinds = [
  ["Too many requests, wait 20 seconds", { kind: "answer", status: 429, headers: { "Retry-After": "20" } }],
  ["Too many requests, no word how long", { kind: "answer", status: 429 }],
  ["Server error 503", { kind: "answer", status: 503 }],
  ["A web page instead (hotel network)", { kind: "html" }],
  ["The key is refused (401)", { kind: "answer", status: 401 }],
  ["No answer, nothing done", { kind: "hang_before" }],
  ["Done, but the answer is lost", { kind: "close_after" }],
  ["The answer is cut after 60 bytes", { kind: "cut", after: 60 }],
  ["The answer drips", { kind: "drip", piece: 20, pause: 200 }],
  ["Pages come double", { kind: "flag", name: "duplicate" }],
  ["Pages come in disorder", { kind: "flag", name: "shuffle" }],
];
let channels = [];
let here = null;
let shown = "";

function made(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

async function ask(method, path, body) {
  const answer = await fetch(path, { method, body: body && JSON.stringify(body) });
  const said = await answer.json().catch(() => ({}));
  at("trouble").textContent = answer.ok ? "" : said.error || `The sandbox answered ${answer.status}.`;
  return said;
}

const customer = () => here.customers[at("customer").selectedIndex] || here.customers[0];
const order = (name, body) => ask("POST", `/channels/${here.id}/do/${name}`, { from: customer().address, ...body });

function gestureButton(gesture, id) {
  const button = made("button", gesture.label, { type: "button" });
  button.onclick = async () => {
    await order(gesture.order, { ...gesture.with, ...(id ? { id } : {}) });
    refresh();
  };
  return button;
}

function choose(channel) {
  here = channel;
  shown = "";
  for (const tab of at("channels").children) tab.setAttribute("aria-current", String(tab.dataset.id === channel.id));
  at("customer").replaceChildren(...channel.customers.map((c) => made("option", c.name)));
  at("picture-label").hidden = !channel.pictures;
  at("settings").replaceChildren(
    ...channel.settings.flatMap(([label, value]) => {
      const copy = made("button", "Copy", { type: "button", "aria-label": `Copy ${label}` });
      copy.onclick = () => navigator.clipboard.writeText(value);
      return [made("dt", label), made("dd", value), copy];
    }),
  );
  at("gestures").replaceChildren(...channel.gestures.filter((g) => g.on === "channel").map((g) => gestureButton(g)));
  location.hash = channel.id;
  refresh();
}

function line(message) {
  const item = made("li", "", message.ours ? { class: "ours" } : {});
  const files = message.files ? `${message.text ? "\n" : ""}📎 ${message.files === 1 ? "a file" : `${message.files} files`}` : "";
  item.append(made("div", `${message.text}${files}`, { class: "bubble", dir: "auto" }));
  const under = made("div", "", { class: "under" });
  const words = [message.ours ? "from the team" : "", message.status, message.marks].filter(Boolean).join(" · ");
  if (words) under.append(made("span", words));
  const side = message.ours ? "ours" : "theirs";
  under.append(...here.gestures.filter((g) => g.on === side).map((g) => gestureButton(g, message.id)));
  item.append(under);
  return item;
}

function callRow(call) {
  const row = made("li");
  const bad = call.status === null || call.status >= 400 || call.fault;
  row.append(made("span", call.method), made("span", String(call.status ?? "–"), bad ? { class: "bad" } : {}));
  row.append(made("span", call.fault ? `${call.path} (${call.fault})` : call.path, { class: "path" }));
  return row;
}

async function refresh() {
  if (!here) return;
  const asked = here;
  at("address").textContent = customer().address;
  const answer = await fetch(`/channels/${here.id}?customer=${encodeURIComponent(customer().address)}`).catch(() => null);
  if (!answer?.ok) {
    at("trouble").textContent = "The sandbox does not answer any more.";
    return;
  }
  const now = await answer.json();
  const text = JSON.stringify([now.lines, now.calls, now.faults, customer().address]);
  if (asked !== here || text === shown) return;
  shown = text;
  const list = at("lines");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const none = made("li", "Nothing was said yet. Write, and see it arrive in Parley.", { class: "none" });
  list.replaceChildren(...(now.lines.length ? now.lines.map(line) : [none]));
  if (atEnd) list.scrollTop = list.scrollHeight;
  at("calls").replaceChildren(...now.calls.map(callRow));
  at("faults").textContent = now.faults ? `${now.faults} waiting` : "";
}

const base64 = (file) =>
  new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",")[1] || "");
    reader.onerror = failed;
    reader.readAsDataURL(file);
  });

at("write").onsubmit = async (event) => {
  event.preventDefault();
  const text = at("text").value;
  const file = at("picture").files[0];
  if (!text && !file) return;
  const pictures = file ? [{ kind: file.type || "application/octet-stream", name: file.name, base64: await base64(file) }] : [];
  const said = await order("write", { text, pictures });
  if (said.error) return;
  at("write").reset();
  at("picture-name").textContent = "Add a file";
  refresh();
};
at("picture").onchange = () => {
  at("picture-name").textContent = at("picture").files[0]?.name || "Add a file";
};
at("customer").onchange = refresh;
at("fault").append(...kinds.map(([label]) => made("option", label)));
at("fail").onclick = async () => {
  const fault = kinds[at("fault").selectedIndex][1];
  await ask("POST", `/channels/${here.id}/faults`, { method: at("when").value, times: Number(at("times").value), fault });
  refresh();
};
at("heal").onclick = async () => {
  await ask("DELETE", `/channels/${here.id}/faults`);
  refresh();
};
for (const button of document.querySelectorAll("[data-forward]")) {
  button.onclick = async () => {
    await ask("POST", `/channels/${here.id}/forward`, { ms: Number(button.dataset.forward) });
    refresh();
  };
}

(async () => {
  channels = await ask("GET", "/channels");
  at("channels").replaceChildren(
    ...channels.map((channel) => {
      const tab = made("button", channel.title, { type: "button", "data-id": channel.id });
      tab.onclick = () => choose(channel);
      return tab;
    }),
  );
  choose(channels.find((c) => c.id === location.hash.slice(1)) || channels[0]);
  setInterval(refresh, 1000);
})();
