import type { SampleStatus } from "../api/SampleStatus";
import type { Host } from "../host/host";
import { say } from "../errors";

/** How often a sample that is being loaded is looked at. */
const pause = 250;

/** Made-up conversations to look around with: whether they are here, how they come, and how they go. */
export class Sample {
  status = $state.raw<SampleStatus | null>(null);
  /** Asked for on the first screen, which stays until all is there. */
  arriving = $state(false);
  removing = $state(false);
  error = $state<string | null>(null);
  private readonly host: Host;

  constructor(host: Host) {
    this.host = host;
  }

  /** Some of it is in the workspace. */
  get here(): boolean {
    return this.status !== null && this.status.state !== "absent";
  }

  get loading(): boolean {
    return this.status?.state === "loading";
  }

  async refresh(): Promise<void> {
    this.status = await this.host.call("sample_status", {});
  }

  /** Loads it, or goes on with it. True when all of it is here. */
  async load(): Promise<boolean> {
    this.error = null;
    try {
      this.status = await this.host.call("sample_load", {});
      while (this.loading) {
        await new Promise((resolve) => setTimeout(resolve, pause));
        await this.refresh();
      }
      return this.status?.state === "here";
    } catch (failure) {
      this.error = say(failure);
      return false;
    }
  }

  /** Removes all of it. True when it is gone. */
  async remove(): Promise<boolean> {
    if (this.removing) return false;
    this.removing = true;
    this.error = null;
    try {
      this.status = await this.host.call("sample_remove", {});
      return this.status.state === "absent";
    } catch (failure) {
      this.error = say(failure);
      return false;
    } finally {
      this.removing = false;
    }
  }
}
