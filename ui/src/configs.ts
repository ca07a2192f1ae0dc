import type { AccountConfig } from "./api/AccountConfig";
import type { AccountItem } from "./api/AccountItem";

/** The settings of a mailbox. */
export type EmailAccount = Extract<AccountConfig, { channel: "email" }>;
/** A connected mailbox. */
export type EmailItem = AccountItem & { config: EmailAccount };

export const isEmail = (config: AccountConfig): config is EmailAccount => config.channel === "email";
export const isMailbox = (account: AccountItem): account is EmailItem => isEmail(account.config);

/** By what customers reach an account: an address, a number, a user name. */
export function addressOf(config: AccountConfig): string {
  switch (config.channel) {
    case "email": return config.address;
    case "instagram": return config.name === "" ? config.id : `@${config.name.replace(/^@/, "")}`;
    case "messenger": return config.name || config.id;
    case "sms":
    case "whatsapp": return config.number;
    case "telegram": return config.name === "" ? config.bot_id : `@${config.name.replace(/^@/, "")}`;
    case "matrix": return config.user_id;
    case "webchat": return config.name || config.user_id;
  }
}

/** What the team calls an account, where that is more than its address. */
export function nameOf(config: AccountConfig): string {
  return config.channel === "email" ? config.display_name : config.name;
}
