use super::*;
use std::collections::HashMap;
use std::sync::Mutex;

/// A network that is told what there is.
#[derive(Default)]
struct Told {
    files: HashMap<String, String>,
    exchangers: Vec<String>,
    services: HashMap<String, Vec<Srv>>,
    doors: HashMap<(String, u16), Answer>,
    /// Files under this beginning never come.
    silent: Option<String>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl Net for Told {
    async fn file(&self, url: &str) -> std::result::Result<Vec<u8>, String> {
        self.asked.lock().unwrap().push(url.to_owned());
        if self.silent.as_ref().is_some_and(|s| url.starts_with(s)) {
            std::future::pending::<()>().await;
        }
        let found = self.files.get(url.split('?').next().unwrap());
        found.map(|f| f.clone().into_bytes()).ok_or("404".into())
    }
    async fn exchangers(&self, _domain: &str) -> Vec<String> {
        self.exchangers.clone()
    }
    async fn services(&self, name: &str) -> Vec<Srv> {
        self.services.get(name).cloned().unwrap_or_default()
    }
    async fn knock(&self, server: &MailServer, _reading: bool) -> Answer {
        let door = (server.host.clone(), server.port);
        self.doors.get(&door).copied().unwrap_or(Answer::Nothing)
    }
}

const AUTOCONFIG: &str = "https://autoconfig.shop.example/mail/config-v1.1.xml";
const WELL_KNOWN: &str = "https://shop.example/.well-known/autoconfig/mail/config-v1.1.xml";
const DIRECTORY: &str = "https://autoconfig.thunderbird.net/v1.1/shop.example";

fn server(kind: &str, host: &str, port: u16, socket: &str) -> String {
    let tag = if kind == "smtp" {
        "outgoingServer"
    } else {
        "incomingServer"
    };
    format!(
        "<{tag} type=\"{kind}\"><hostname>{host}</hostname><port>{port}</port><socketType>{socket}</socketType><username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication></{tag}>"
    )
}

fn config(servers: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><clientConfig version=\"1.1\"><emailProvider id=\"x\"><displayShortName>Shop Mail</displayShortName>{servers}</emailProvider></clientConfig>"
    )
}

fn usual(host: &str) -> String {
    config(
        &[
            server("imap", host, 993, "SSL"),
            server("smtp", host, 465, "SSL"),
        ]
        .concat(),
    )
}

async fn found(told: Told) -> Found {
    discover("Info@Shop.example", false, Arc::new(told))
        .await
        .unwrap()
}

fn read(text: &str) -> Option<Found> {
    let address = Address::read("info@shop.example").unwrap();
    autoconfig::read(text.as_bytes(), &address, Source::Autoconfig)
}

fn srv(port: u16, host: &str) -> Vec<Srv> {
    vec![Srv {
        priority: 1,
        weight: 1,
        port,
        host: host.into(),
    }]
}

#[tokio::test]
async fn a_big_provider_is_known_without_asking_anybody() {
    let told = Arc::new(Told::default());
    let net: Arc<dyn Net> = Arc::clone(&told) as Arc<dyn Net>;
    let f = discover("a@gmail.com", true, net).await.unwrap();
    assert_eq!(
        (f.source, f.oauth),
        (Source::Builtin, Some(OauthProvider::Google))
    );
    assert!(told.asked.lock().unwrap().is_empty());
    assert_eq!(discover("nobody", false, told).await, None);
}

#[tokio::test]
async fn the_best_source_wins_and_says_which_it_was() {
    let all = |n: usize| Told {
        files: [(AUTOCONFIG, "a"), (WELL_KNOWN, "w")]
            .into_iter()
            .skip(n)
            .map(|(u, h)| (u.to_owned(), usual(&format!("{h}.shop.example"))))
            .collect(),
        exchangers: if n < 3 {
            vec!["mx00.kundenserver.de".into()]
        } else {
            vec!["mx.shop.example".into()]
        },
        services: if n < 4 {
            [
                (
                    "_imaps._tcp.shop.example".to_owned(),
                    srv(993, "s.shop.example"),
                ),
                (
                    "_submission._tcp.shop.example".to_owned(),
                    srv(587, "s.shop.example"),
                ),
            ]
            .into()
        } else {
            HashMap::new()
        },
        doors: if n < 5 {
            [
                (("mail.shop.example".to_owned(), 993), Answer::Trusted),
                (("mx.shop.example".to_owned(), 587), Answer::Trusted),
            ]
            .into()
        } else {
            HashMap::new()
        },
        ..Told::default()
    };
    for (n, source, imap, smtp) in [
        (0, Source::Autoconfig, "a.shop.example", 465),
        (1, Source::WellKnown, "w.shop.example", 465),
        (2, Source::Exchanger, "imap.ionos.de", 465),
        (3, Source::Srv, "s.shop.example", 587),
        (4, Source::Probe, "mail.shop.example", 587),
        (5, Source::Guess, "imap.shop.example", 465),
    ] {
        let f = found(all(n)).await;
        assert_eq!(
            (f.source, f.imap.host.as_str(), f.smtp.port),
            (source, imap, smtp),
            "{n}"
        );
        assert_eq!(f.imap.user, "info@shop.example");
    }
}

#[tokio::test]
async fn the_public_directory_is_asked_only_with_leave() {
    for leave in [false, true] {
        let told = Arc::new(Told {
            files: [(DIRECTORY.to_owned(), usual("d.shop.example"))].into(),
            ..Told::default()
        });
        let net: Arc<dyn Net> = Arc::clone(&told) as Arc<dyn Net>;
        let f = discover("info@shop.example", leave, net).await.unwrap();
        assert_eq!(f.source == Source::Directory, leave);
        let asked = told
            .asked
            .lock()
            .unwrap()
            .iter()
            .any(|u| u.contains("thunderbird"));
        assert_eq!(asked, leave);
    }
}

#[tokio::test]
async fn a_source_that_never_answers_does_not_hold_up_the_others() {
    let told = Told {
        silent: Some("https://autoconfig.".into()),
        services: [(
            "_imaps._tcp.shop.example".to_owned(),
            srv(993, "s.shop.example"),
        )]
        .into(),
        ..Told::default()
    };
    let address = Address::read("info@shop.example").unwrap();
    let net: Arc<dyn Net> = Arc::new(told);
    let f = best(sources(&address, false, &net), Duration::from_millis(300))
        .await
        .unwrap();
    assert_eq!(
        (f.source, f.smtp.host.as_str(), f.smtp.port),
        (Source::Srv, "s.shop.example", 465)
    );
}

#[tokio::test]
async fn services_follow_priority_weight_and_refusal() {
    let mut imaps = srv(993, "second.shop.example");
    imaps[0].priority = 5;
    imaps.extend(srv(1993, "light.shop.example"));
    imaps.push(Srv {
        weight: 9,
        ..srv(2993, "heavy.shop.example").remove(0)
    });
    let told = Told {
        services: [
            ("_imaps._tcp.shop.example".to_owned(), imaps),
            ("_submissions._tcp.shop.example".to_owned(), srv(0, "")),
            (
                "_submission._tcp.shop.example".to_owned(),
                srv(587, "out.elsewhere.example"),
            ),
        ]
        .into(),
        ..Told::default()
    };
    let f = found(told).await;
    assert_eq!(
        (f.imap.host.as_str(), f.imap.port),
        ("heavy.shop.example", 2993)
    );
    assert_eq!(f.smtp.security, Security::Starttls);
    assert_eq!(
        f.notes,
        [NOTE_ELSEWHERE],
        "another domain's server is pointed out"
    );
}

#[tokio::test]
async fn a_home_made_certificate_is_better_than_no_server() {
    let told = Told {
        doors: [
            (("imap.shop.example".to_owned(), 993), Answer::Untrusted),
            (("shop.example".to_owned(), 143), Answer::Trusted),
            (("smtp.shop.example".to_owned(), 465), Answer::Untrusted),
        ]
        .into(),
        ..Told::default()
    };
    let f = found(told).await;
    assert_eq!(
        (f.imap.host.as_str(), f.imap.security),
        ("shop.example", Security::Starttls)
    );
    assert_eq!(
        (f.smtp.host.as_str(), f.notes),
        ("smtp.shop.example", vec![NOTE_UNTRUSTED])
    );
}

#[tokio::test]
async fn a_providers_customs_hold_however_its_servers_were_found() {
    let told = Told {
        files: [(
            AUTOCONFIG.to_owned(),
            config(
                &[
                    server("imap", "imap.gmail.com", 993, "SSL"),
                    server("smtp", "smtp.gmail.com", 465, "SSL"),
                ]
                .concat(),
            ),
        )]
        .into(),
        ..Told::default()
    };
    let f = found(told).await;
    assert_eq!(
        (f.source, f.way, f.oauth),
        (
            Source::Autoconfig,
            Way::AppPassword,
            Some(OauthProvider::Google)
        )
    );
}

#[test]
fn an_offer_is_filled_in_and_the_protected_one_is_taken() {
    let servers = [
        server("pop3", "pop.shop.example", 995, "SSL"),
        server("imap", "plain.shop.example", 143, "plain"),
        server("imap", "later.shop.example", 143, "STARTTLS"),
        server("imap", "imap.%EMAILDOMAIN%", 993, "SSL")
            .replace("%EMAILADDRESS%", "%EMAILLOCALPART%"),
        server("smtp", "smtp.shop.example", 587, "STARTTLS"),
    ];
    let f = read(&config(&servers.concat())).unwrap();
    assert_eq!(
        (f.imap.host.as_str(), f.imap.user.as_str()),
        ("imap.shop.example", "info")
    );
    assert_eq!(
        (f.smtp.security, f.provider.as_str()),
        (Security::Starttls, "Shop Mail")
    );
    assert_eq!(f.notes, [""; 0]);
}

#[test]
fn an_offer_that_could_do_harm_is_none() {
    let with = |host: &str, socket: &str| {
        config(
            &[
                server("imap", host, 993, socket),
                server("smtp", "smtp.shop.example", 465, "SSL"),
            ]
            .concat(),
        )
    };
    assert!(read(&with("imap.shop.example", "SSL")).is_some());
    for bad in [
        with("imap.shop.example", "plain"),
        with("127.0.0.1", "SSL"),
        with("router.lan", "SSL"),
        with("imap.%MYDOMAIN%", "SSL"),
        with("imap.100%", "SSL"),
        with("", "SSL"),
        config(&server("imap", "imap.shop.example", 993, "SSL")),
        usual("x.shop.example").replace(">993<", ">0<"),
        format!(
            "<!DOCTYPE x [<!ENTITY e \"imap.shop.example\">]>{}",
            usual("&e;").replace("<?xml version=\"1.0\"?>", "")
        ),
        "<html><body>Not found</body></html>".to_owned(),
        format!("{}{}", usual("x.shop.example"), " ".repeat(300 * 1024)),
        config(&server("imap", "i.shop.example", 993, "SSL").repeat(2_000)),
        String::new(),
    ] {
        assert_eq!(read(&bad), None, "{}", bad.get(..200).unwrap_or(&bad));
    }
}

#[test]
fn only_known_sign_in_pages_are_taken_from_a_file() {
    let page = |issuer: &str| {
        usual("imap.shop.example")
            .replace("password-cleartext", "OAuth2")
            .replace("</clientConfig>", &format!("<oAuth2><issuer>{issuer}</issuer><authURL>https://evil.example/</authURL></oAuth2></clientConfig>"))
    };
    assert_eq!(
        read(&page("accounts.google.com")).unwrap().oauth,
        Some(OauthProvider::Google)
    );
    assert_eq!(read(&page("evil.example")).unwrap().oauth, None);
}

/// Settings as others publish them; they lie outside the project.
#[test]
fn published_files_are_understood() {
    let dir = std::env::var("PARLEY_SHARED")
        .map_or_else(
            |_| std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")),
            Into::into,
        )
        .join("data/ispdb");
    if !dir.is_dir() {
        eprintln!(
            "skipped: no published settings at {} (PARLEY_SHARED)",
            dir.display()
        );
        return;
    }
    let mut read = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "xml") {
            continue;
        }
        let domain = path.file_stem().unwrap().to_str().unwrap();
        let address = Address::read(&format!("a@{domain}")).unwrap();
        let f = autoconfig::read(&std::fs::read(&path).unwrap(), &address, Source::Directory)
            .unwrap_or_else(|| panic!("{domain} is not understood"));
        let known = presets::by_address(&address.whole).unwrap();
        assert_eq!(
            (&f.imap, f.oauth),
            (&known.imap, known.oauth.filter(|_| f.oauth.is_some())),
            "{domain}"
        );
        read += 1;
    }
    assert!(read > 0);
}
