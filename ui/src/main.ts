import { mount } from "svelte";
import App from "./App.svelte";
import { chooseHost } from "./host";
import "./styles/tokens.css";
import "./styles/base.css";

const target = document.getElementById("app");
if (target !== null) void chooseHost().then((host) => mount(App, { target, props: { host } }));
