import type { SampleStatus } from "../../api/SampleStatus";

/** How the made-up conversations stand in a state of the script. */
export function sampleFor(state: string): SampleStatus {
  const here: SampleStatus = { state: "here", percent: 100, accounts: 9, messages: 2_318 };
  switch (state) {
    case "sample":
      return here;
    case "sample-half":
      return { ...here, state: "half", percent: 46, messages: 1_066 };
    case "sample-loading":
      return { ...here, state: "loading", percent: 46, messages: 1_066 };
    default:
      return { state: "absent", percent: 0, accounts: 0, messages: 0 };
  }
}
