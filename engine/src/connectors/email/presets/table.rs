//! The big providers' settings, as each of them publishes them.

use super::{NOTE_BRIDGE, NOTE_SWITCH_ON, Way};
use crate::model::OauthProvider;

/// One provider.
pub(super) struct Provider {
    /// What people call it.
    pub(super) name: &'static str,
    /// Whole domains, or with a dot at the end the beginning of all of a provider's domains; earlier rows win.
    pub(super) domains: &'static [&'static str],
    /// Where mail for its customers' own domains goes: the ends of the mail exchangers' names.
    pub(super) exchangers: &'static [&'static str],
    /// Where mail is read; TLS at 993.
    pub(super) imap: &'static str,
    /// Where mail is handed in; STARTTLS at 587, else TLS.
    pub(super) smtp: (&'static str, u16),
    /// How one signs in.
    pub(super) way: Way,
    /// Whose sign-in page may be used.
    pub(super) oauth: Option<OauthProvider>,
    /// What else must be known.
    pub(super) note: &'static str,
}

type Names = &'static [&'static str];

const fn row(
    name: &'static str,
    domains: Names,
    exchangers: Names,
    imap: &'static str,
    smtp: (&'static str, u16),
) -> Provider {
    Provider {
        name,
        domains,
        exchangers,
        imap,
        smtp,
        way: Way::Password,
        oauth: None,
        note: "",
    }
}

impl Provider {
    const fn app_password(mut self) -> Self {
        self.way = Way::AppPassword;
        self
    }

    const fn sign_in_page(mut self) -> Self {
        self.way = Way::SignInPage;
        self
    }

    const fn oauth(mut self, provider: OauthProvider) -> Self {
        self.oauth = Some(provider);
        self
    }

    const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }
}

use OauthProvider::{Google, Microsoft};

#[rustfmt::skip] // one provider a line: this is a table
pub(super) const PROVIDERS: &[Provider] = &[
    row("Google", &["gmail.com", "googlemail.com"], &["google.com", "googlemail.com"], "imap.gmail.com", ("smtp.gmail.com", 465)).app_password().oauth(Google),
    row("Microsoft", &["outlook.", "hotmail.", "live.", "msn.com", "windowslive.com", "passport.com"], &["olc.protection.outlook.com"], "outlook.office365.com", ("smtp-mail.outlook.com", 587)).sign_in_page().oauth(Microsoft),
    row("Microsoft 365", &["office365.com", "onmicrosoft.com"], &["mail.protection.outlook.com", "mx.microsoft", "protection.office365.us"], "outlook.office365.com", ("smtp.office365.com", 587)).sign_in_page().oauth(Microsoft),
    row("AOL", &["aol.", "aim.com", "netscape.net"], &["mx-aol.mail.gm0.yahoodns.net"], "imap.aol.com", ("smtp.aol.com", 465)).app_password(),
    row("AT&T", &["att.net", "sbcglobal.net", "bellsouth.net", "pacbell.net", "ameritech.net"], &[], "imap.mail.att.net", ("smtp.mail.att.net", 465)).app_password(),
    row("Yahoo", &["yahoo.", "ymail.com", "rocketmail.com", "myyahoo.com"], &["yahoodns.net"], "imap.mail.yahoo.com", ("smtp.mail.yahoo.com", 465)).app_password(),
    row("iCloud", &["icloud.com", "me.com", "mac.com"], &["mail.icloud.com"], "imap.mail.me.com", ("smtp.mail.me.com", 587)).app_password(),
    row("GMX", &["gmx.de", "gmx.net", "gmx.at", "gmx.ch"], &["gmx.net"], "imap.gmx.net", ("mail.gmx.net", 465)).note(NOTE_SWITCH_ON),
    row("GMX", &["gmx."], &["gmx.com"], "imap.gmx.com", ("mail.gmx.com", 465)).note(NOTE_SWITCH_ON),
    row("WEB.DE", &["web.de"], &["web.de"], "imap.web.de", ("smtp.web.de", 587)).note(NOTE_SWITCH_ON),
    row("mail.com", &["mail.com"], &["mail.com"], "imap.mail.com", ("smtp.mail.com", 587)).note(NOTE_SWITCH_ON),
    row("Telekom", &["t-online.de", "magenta.de"], &["t-online.de"], "secureimap.t-online.de", ("securesmtp.t-online.de", 465)).app_password(),
    row("freenet", &["freenet.de"], &["freenet.de"], "mx.freenet.de", ("mx.freenet.de", 465)),
    row("mailbox.org", &["mailbox.org"], &["mailbox.org"], "imap.mailbox.org", ("smtp.mailbox.org", 465)),
    row("Posteo", &["posteo."], &["posteo.de"], "posteo.de", ("posteo.de", 465)),
    row("IONOS", &["ionos.de", "online.de", "onlinehome.de"], &["kundenserver.de", "ionos.de", "1and1.de", "schlund.de"], "imap.ionos.de", ("smtp.ionos.de", 465)),
    row("IONOS", &["ionos.com"], &["perfora.net", "ionos.com", "1and1.com"], "imap.ionos.com", ("smtp.ionos.com", 465)),
    row("IONOS", &["ionos.co.uk"], &["1and1.co.uk", "ionos.co.uk"], "imap.ionos.co.uk", ("smtp.ionos.co.uk", 465)),
    row("IONOS", &["ionos.fr"], &["1and1.fr", "ionos.fr"], "imap.ionos.fr", ("smtp.ionos.fr", 465)),
    row("STRATO", &["strato.de"], &["rzone.de"], "imap.strato.de", ("smtp.strato.de", 465)),
    row("OVH", &[], &["ovh.net", "ovh.ca"], "ssl0.ovh.net", ("ssl0.ovh.net", 465)),
    row("Gandi", &[], &["mail.gandi.net"], "mail.gandi.net", ("mail.gandi.net", 465)),
    row("Infomaniak", &["ik.me", "ikmail.com", "etik.com"], &["infomaniak.ch", "infomaniak.com"], "mail.infomaniak.com", ("mail.infomaniak.com", 465)),
    row("Hostpoint", &[], &["hostpoint.ch"], "imap.mail.hostpoint.ch", ("asmtp.mail.hostpoint.ch", 465)),
    row("Bluewin", &["bluewin.ch"], &["bluewin.ch"], "imaps.bluewin.ch", ("smtpauths.bluewin.ch", 465)),
    row("Orange", &["orange.fr", "wanadoo.fr"], &["orange.fr", "wanadoo.fr"], "imap.orange.fr", ("smtp.orange.fr", 465)),
    row("Free", &["free.fr"], &["free.fr"], "imap.free.fr", ("smtp.free.fr", 465)),
    row("La Poste", &["laposte.net"], &["laposte.net"], "imap.laposte.net", ("smtp.laposte.net", 465)).note(NOTE_SWITCH_ON),
    row("SFR", &["sfr.fr", "neuf.fr"], &["sfr.fr"], "imap.sfr.fr", ("smtp.sfr.fr", 465)),
    row("KPN", &["kpnmail.nl", "kpn.nl", "kpnplanet.nl", "hetnet.nl", "planet.nl"], &["kpnmail.nl"], "imap.kpnmail.nl", ("smtp.kpnmail.nl", 587)),
    row("Ziggo", &["ziggo.nl", "upcmail.nl", "home.nl", "casema.nl", "chello.nl", "quicknet.nl"], &["as9143.net"], "imap.ziggo.nl", ("smtp.ziggo.nl", 587)),
    row("XS4ALL", &["xs4all.nl"], &["xs4all.nl", "xs4all.net"], "imap.xs4all.nl", ("smtp.xs4all.nl", 587)),
    row("TransIP", &[], &["transip.email"], "imap.transip.email", ("smtp.transip.email", 465)),
    row("Telenet", &["telenet.be"], &["telenet-ops.be", "telenet.be"], "imap.telenet.be", ("smtp.telenet.be", 587)),
    row("one.com", &[], &["one.com"], "imap.one.com", ("send.one.com", 465)),
    row("Libero", &["libero.it"], &["libero.it"], "imapmail.libero.it", ("smtp.libero.it", 465)),
    row("Aruba", &["aruba.it", "technet.it"], &["aruba.it"], "imaps.aruba.it", ("smtps.aruba.it", 465)),
    row("Seznam", &["seznam.cz", "email.cz", "post.cz", "spoluzaci.cz"], &["seznam.cz"], "imap.seznam.cz", ("smtp.seznam.cz", 465)),
    row("WP", &["wp.pl"], &["wp.pl"], "imap.wp.pl", ("smtp.wp.pl", 465)).note(NOTE_SWITCH_ON),
    row("o2", &["o2.pl", "tlen.pl", "go2.pl"], &["o2.pl"], "poczta.o2.pl", ("poczta.o2.pl", 465)).note(NOTE_SWITCH_ON),
    row("Onet", &["onet.pl", "onet.eu", "op.pl", "vp.pl", "poczta.onet.pl"], &["onet.pl"], "imap.poczta.onet.pl", ("smtp.poczta.onet.pl", 465)),
    row("Mail.ru", &["mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"], &["mail.ru"], "imap.mail.ru", ("smtp.mail.ru", 465)).app_password(),
    row("Yandex", &["yandex.", "ya.ru"], &["yandex.ru", "yandex.net"], "imap.yandex.com", ("smtp.yandex.com", 465)).app_password(),
    row("Tencent Exmail", &[], &["mxbiz1.qq.com", "mxbiz2.qq.com"], "imap.exmail.qq.com", ("smtp.exmail.qq.com", 465)).app_password(),
    row("QQ", &["qq.com", "foxmail.com"], &["qq.com"], "imap.qq.com", ("smtp.qq.com", 465)).app_password(),
    row("163", &["163.com"], &[], "imap.163.com", ("smtp.163.com", 465)).app_password(),
    row("126", &["126.com"], &[], "imap.126.com", ("smtp.126.com", 465)).app_password(),
    row("Naver", &["naver.com"], &["naver.com"], "imap.naver.com", ("smtp.naver.com", 465)).note(NOTE_SWITCH_ON),
    row("Comcast", &["comcast.net"], &["comcast.net"], "imap.comcast.net", ("smtp.comcast.net", 587)).note(NOTE_SWITCH_ON),
    row("Fastmail", &["fastmail.", "sent.com", "messagingengine.com"], &["messagingengine.com"], "imap.fastmail.com", ("smtp.fastmail.com", 465)).app_password(),
    row("Zoho", &["zoho.com", "zohomail.com"], &[], "imap.zoho.com", ("smtp.zoho.com", 465)).note(NOTE_SWITCH_ON),
    row("Zoho", &["zoho.eu", "zohomail.eu"], &[], "imap.zoho.eu", ("smtp.zoho.eu", 465)).note(NOTE_SWITCH_ON),
    row("Zoho", &[], &["zoho.com"], "imappro.zoho.com", ("smtppro.zoho.com", 465)).note(NOTE_SWITCH_ON),
    row("Zoho", &[], &["zoho.eu"], "imappro.zoho.eu", ("smtppro.zoho.eu", 465)).note(NOTE_SWITCH_ON),
    row("Proton", &["proton.me", "protonmail.com", "protonmail.ch", "pm.me"], &["protonmail.ch"], "127.0.0.1", ("127.0.0.1", 1025)).note(NOTE_BRIDGE),
    row("Rackspace", &[], &["emailsrvr.com"], "secure.emailsrvr.com", ("secure.emailsrvr.com", 465)),
    row("Titan", &[], &["titan.email"], "imap.titan.email", ("smtp.titan.email", 465)).note(NOTE_SWITCH_ON),
    row("Migadu", &[], &["migadu.com"], "imap.migadu.com", ("smtp.migadu.com", 465)),
    row("GoDaddy", &[], &["secureserver.net"], "imap.secureserver.net", ("smtpout.secureserver.net", 465)),
    row("Namecheap", &[], &["privateemail.com"], "mail.privateemail.com", ("mail.privateemail.com", 465)),
    row("Hostinger", &[], &["hostinger.com"], "imap.hostinger.com", ("smtp.hostinger.com", 465)),
    row("DreamHost", &[], &["dreamhost.com"], "imap.dreamhost.com", ("smtp.dreamhost.com", 465)),
];
