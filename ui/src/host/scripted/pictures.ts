import type { ImageSender } from "../../api/ImageSender";
import type { MessageHtml } from "../../api/MessageHtml";

const letter = `<div style="font-family:sans-serif"><h2 style="color:#2a4d8f">Your order 1042</h2><p>Hello <b>Anna</b>, thank you for the photographs.</p><img data-remote="0" alt="The lamp" width="240" height="80"><table style="border-collapse:collapse"><tr><td style="padding:6px 24px 6px 0;border-bottom:1px solid #ddd">Vireo floor lamp</td><td style="padding:6px 0;border-bottom:1px solid #ddd">€ 189.00</td></tr><tr><td style="padding:6px 24px 6px 0">Linen shade</td><td>€ 0.00</td></tr></table><p><a href="part-link:0" target="_blank" rel="noopener noreferrer">Follow the parcel</a></p></div>`;
const sender = "anna.berg@lindqvist-interior.se";

/** The one formatted mail of the scripted world, with two remote images and one that tells when it is read. */
export class Pictures {
  private loaded = 0;
  private readonly senders = new Set<string>();

  seen(): MessageHtml {
    const html = this.loaded === 0 ? letter : letter.replace(' data-remote="0"', "");
    return { html, links: ["track.carriertrack.example"], blocked: 2 - this.loaded, trackers: 1, loaded: this.loaded, sender, always: this.senders.has(sender) };
  }

  load(always: boolean): MessageHtml {
    this.loaded = 2;
    if (always) this.senders.add(sender);
    return this.seen();
  }

  list(): ImageSender[] {
    return [...this.senders].map((address) => ({ address, at: 0 }));
  }

  forget(address: string): Record<string, never> {
    this.senders.delete(address);
    return {};
  }
}
