import { mount } from "svelte";
import App from "./App.svelte";
import { chooseHost } from "./host";
import { speech } from "./state/speech.svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/forced.css";
import "./styles/print.css";

async function begin(target: HTMLElement): Promise<void> {
  const host = await chooseHost();
  await speech.start(host);
  mount(App, { target, props: { host } });
}

const target = document.getElementById("app");
if (target !== null) void begin(target);
