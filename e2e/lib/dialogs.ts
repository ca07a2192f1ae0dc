// The system's own dialogs over the window: WebDriver does not see them, so they are driven with the keyboard.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Desktop } from "./desktop.ts";
import { eventually } from "./process.ts";

const run = promisify(execFile);

/** A dialog that is open. */
export class SystemDialog {
  private constructor(
    private readonly desktop: Desktop,
    private readonly id: string,
  ) {}

  /** Does what opens a dialog, and waits until the dialog is there. */
  static async opened(desktop: Desktop, act: () => Promise<unknown>): Promise<SystemDialog> {
    const before = new Set(await windows(desktop));
    const come = (seconds: number): Promise<string> => eventually("a dialog of the system", async () => (await windows(desktop)).find((one) => !before.has(one)), seconds);
    await act();
    // A page that is still being filled moves what is clicked: a click that met nothing is made again.
    const id = await come(8).catch(async () => {
      await act();
      return come(20);
    });
    const dialog = new SystemDialog(desktop, id);
    // No window manager gives it the keyboard.
    await eventually("the dialog to have the keyboard", async () => {
      await dialog.tool("windowfocus", id);
      return (await dialog.tool("getwindowfocus")).trim() === id || undefined;
    });
    return dialog;
  }

  /** Types a path into a dialog that chooses files, and takes it. */
  async choose(path: string): Promise<void> {
    // Away from the list of what was used lately, which takes no path of a folder.
    await this.press("alt+Home");
    await this.press("ctrl+l");
    await this.press("ctrl+a");
    await this.tool("type", "--delay", "2", path);
    // The first Return may only close the list of names that fit.
    await eventually("the dialog to take the path", async () => {
      if (!(await this.isOpen())) return true;
      // For this window alone: the next one must not take it for its own.
      await this.tool("key", "--window", this.id, "Return");
      return undefined;
    });
  }

  async press(...keys: string[]): Promise<void> {
    await this.tool("key", "--delay", "30", ...keys);
  }

  /** Waits until it is gone. */
  async closed(): Promise<void> {
    await eventually("the dialog to close", async () => !(await this.isOpen()) || undefined);
  }

  private async isOpen(): Promise<boolean> {
    return (await windows(this.desktop)).includes(this.id);
  }

  private async tool(...args: string[]): Promise<string> {
    return (await run("xdotool", args, { env: this.desktop.env })).stdout;
  }
}

/** The ids of all windows that are shown. */
async function windows(desktop: Desktop): Promise<string[]> {
  const { stdout } = await run("xdotool", ["search", "--onlyvisible", "--maxdepth", "1", "--name", ".*"], { env: desktop.env }).catch(() => ({ stdout: "" }));
  return stdout.split("\n").filter((line) => line !== "");
}
