//! The vendors' pages that the window may open: a fixed list, so that nothing it shows can lead anywhere else.

use super::dto::Nothing;
use super::{Desk, args};
use crate::error::{Error, Result};
use args::VendorPage;

pub(super) async fn open(a: args::VendorOpen, desk: &Desk) -> Result<Nothing> {
    desk.host
        .open_browser(address(a.page))
        .await
        .map_err(Error::Refused)?;
    Ok(Nothing {})
}

fn address(page: VendorPage) -> &'static str {
    match page {
        VendorPage::MetaApps => "https://developers.facebook.com/apps/",
        VendorPage::Twilio => "https://console.twilio.com/",
        VendorPage::TwilioKeys => {
            "https://console.twilio.com/us1/account/keys-credentials/api-keys"
        }
        VendorPage::TwilioNumbers => {
            "https://console.twilio.com/us1/develop/phone-numbers/manage/incoming"
        }
        VendorPage::TwilioWhatsapp => {
            "https://console.twilio.com/us1/develop/sms/senders/whatsapp-senders"
        }
        VendorPage::PhoneGateway => "https://sms-gate.app/",
        VendorPage::BotFather => "https://t.me/BotFather",
        VendorPage::MatrixServers => "https://servers.joinmatrix.org/",
    }
}
