/// <reference types="svelte" />
/// <reference types="vite/client" />

/** Whether this build holds the development hosts (loopback and scripted); false in what ships. */
declare const __DEV_HOSTS__: boolean;
