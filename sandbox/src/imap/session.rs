//! One client's conversation.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::Shared;
use super::fetch::fetch;
use super::set::{chosen, listed};
use super::world::{Mailbox, World};

/// What to say to a command: lines, the tagged one without its tag last, and whether to hang up then.
struct Reply {
    lines: Vec<u8>,
    verdict: String,
    hang_up: bool,
}

impl Reply {
    fn ok(lines: impl Into<Vec<u8>>) -> Self {
        Self {
            lines: lines.into(),
            verdict: "OK done".into(),
            hang_up: false,
        }
    }

    fn no(why: &str) -> Self {
        Self {
            verdict: format!("NO {why}"),
            ..Self::ok("")
        }
    }
}

struct Session {
    stream: BufReader<TcpStream>,
    shared: Arc<Shared>,
    folder: Option<String>,
}

pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut session = Session {
        stream: BufReader::new(stream),
        shared,
        folder: None,
    };
    // A client that hangs up is no failure of the server.
    let _ = session.run().await;
}

impl Session {
    async fn run(&mut self) -> std::io::Result<()> {
        self.write(b"* OK ready\r\n").await?;
        loop {
            let Some(line) = self.line().await? else {
                return Ok(());
            };
            let (tag, command) = line.split_once(' ').unwrap_or((line.as_str(), ""));
            let (tag, command) = (tag.to_owned(), command.to_owned());
            if self.says_bye(&command) {
                return self.write(b"* BYE going down\r\n").await;
            }
            if let Some(body) = self.literal(&command).await? {
                self.append(&command, &body);
            }
            if command == "IDLE" {
                self.idle(&tag).await?;
                continue;
            }
            if command.starts_with("AUTHENTICATE") {
                self.write(b"+ \r\n").await?;
                self.line().await?;
            }
            let pause = self.shared.world().quirks.slow_search;
            if let Some(pause) = pause.filter(|_| command.starts_with("UID SEARCH")) {
                tokio::time::sleep(pause).await;
            }
            let reply = self.reply(&command);
            let mut bytes = self.noise();
            bytes.extend(reply.lines);
            if !reply.hang_up {
                bytes.extend(format!("{tag} {}\r\n", reply.verdict).into_bytes());
            }
            self.write(&bytes).await?;
            if reply.hang_up || command == "LOGOUT" {
                return Ok(());
            }
        }
    }

    async fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = String::new();
        let n = self.stream.read_line(&mut line).await?;
        Ok((n > 0).then(|| line.trim_end().to_owned()))
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let drip = self.shared.world().quirks.drip;
        match drip {
            None => self.stream.get_mut().write_all(bytes).await,
            Some(pause) => {
                for b in bytes {
                    self.stream.get_mut().write_all(&[*b]).await?;
                    tokio::time::sleep(pause).await;
                }
                Ok(())
            }
        }
    }

    /// The text that follows an APPEND.
    async fn literal(&mut self, command: &str) -> std::io::Result<Option<Vec<u8>>> {
        let size = command
            .strip_suffix('}')
            .and_then(|c| c.rsplit_once('{'))
            .and_then(|(_, n)| n.trim_end_matches('+').parse::<usize>().ok());
        let Some(size) = size.filter(|n| *n < 100_000_000) else {
            return Ok(None);
        };
        self.write(b"+ go on\r\n").await?;
        let mut body = vec![0; size];
        self.stream.read_exact(&mut body).await?;
        self.line().await?;
        Ok(Some(body))
    }

    fn append(&self, command: &str, body: &[u8]) {
        let name = quoted(command);
        let mut world = self.shared.world();
        if let Some(folder) = find(&mut world, &name) {
            let uid = folder.add(body, 1_700_000_000);
            folder.mark_seen(uid, command.contains("\\Seen"));
        }
    }

    fn says_bye(&self, command: &str) -> bool {
        let mut world = self.shared.world();
        world.heard.push(command.to_owned());
        match world.quirks.bye_after {
            Some(0) => {
                world.quirks.bye_after = None;
                true
            }
            Some(n) => {
                world.quirks.bye_after = Some(n - 1);
                false
            }
            None => false,
        }
    }

    /// What stands before each answer without having been asked for.
    fn noise(&self) -> Vec<u8> {
        let world = self.shared.world();
        let mut noise = Vec::new();
        if world.quirks.garbage {
            noise.extend(b"<html>busy</html>\r\n* \xff\xfe (((\r\n\r\n* 1 FETCH (UID\r\n");
        }
        if world.quirks.unsolicited {
            noise.extend(b"* 1 RECENT\r\n* FLAGS (\\Seen X)\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* OK [UNKNOWN-CODE x] hi\r\n");
        }
        if let Some(alert) = &world.quirks.alert {
            noise.extend(format!("* OK [ALERT] {alert}\r\n").into_bytes());
        }
        noise
    }

    /// Says when the number of mails in the open folder changes, until the client has enough.
    async fn idle(&mut self, tag: &str) -> std::io::Result<()> {
        let mut changed = self.shared.changed.subscribe();
        let before = self.count();
        self.write(b"+ idling\r\n").await?;
        let mut line = String::new();
        loop {
            tokio::select! {
                read = self.stream.read_line(&mut line) => {
                    read?;
                    return self.write(format!("{tag} OK idled\r\n").as_bytes()).await;
                }
                Ok(()) = changed.changed() => {
                    let now = self.count();
                    if now != before {
                        self.write(format!("* {now} EXISTS\r\n").as_bytes()).await?;
                    }
                }
            }
        }
    }

    fn count(&self) -> usize {
        let mut world = self.shared.world();
        let name = self.folder.clone().unwrap_or_default();
        find(&mut world, &name).map_or(0, |f| f.mails.len())
    }

    fn reply(&mut self, command: &str) -> Reply {
        let shared = self.shared.clone();
        let mut world = shared.world();
        if let Some((start, answer)) = &world.quirks.refuse
            && command.starts_with(start.as_str())
        {
            return Reply {
                verdict: answer.clone(),
                ..Reply::ok("")
            };
        }
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        match verb {
            "CAPABILITY" => Reply::ok(format!("* CAPABILITY {}\r\n", world.capability)),
            "LIST" => Reply::ok(list(&world)),
            "STATUS" => status(&mut world, rest),
            "EXAMINE" | "SELECT" => {
                self.folder = None;
                let reply = open(&mut world, rest);
                if reply.verdict.starts_with("OK") {
                    self.folder = Some(quoted(rest));
                }
                reply
            }
            "CREATE" => {
                let validity = 100 + u32::try_from(world.folders.len()).unwrap_or(0);
                world.folders.push(Mailbox::new(&quoted(rest), validity));
                Reply::ok("")
            }
            "LOGOUT" => Reply::ok("* BYE\r\n"),
            "UID" => {
                let folder = self.folder.clone().unwrap_or_default();
                if find(&mut world, &folder).is_none() {
                    return Reply::no("no folder is open");
                }
                numbered(&mut world, &folder, rest)
            }
            _ => Reply::ok(""),
        }
    }
}

fn find<'w>(world: &'w mut World, name: &str) -> Option<&'w mut Mailbox> {
    let mut folders = world.folders.iter_mut();
    folders.find(|f| f.name == name.as_bytes())
}

/// The first name in quotes.
fn quoted(text: &str) -> String {
    let inner = text.split_once('"').and_then(|(_, t)| t.split_once('"'));
    inner.map_or_else(
        || text.split(' ').next().unwrap_or_default().to_owned(),
        |(name, _)| name.to_owned(),
    )
}

fn list(world: &World) -> Vec<u8> {
    let mut out = Vec::new();
    for f in &world.folders {
        let mark = f.mark.as_deref().unwrap_or_default();
        out.extend(format!("* LIST ({mark}) \"/\" \"").into_bytes());
        out.extend(&f.name);
        out.extend(b"\"\r\n");
    }
    out
}

fn status(world: &mut World, rest: &str) -> Reply {
    let by_id = world.can("OBJECTID");
    let name = quoted(rest);
    let Some(f) = find(world, &name) else {
        return Reply::no("no such folder");
    };
    let mut words = format!(
        "MESSAGES {} UIDNEXT {} UIDVALIDITY {}",
        f.mails.len(),
        f.next,
        f.validity
    );
    if by_id {
        words.push_str(&format!(" MAILBOXID ({})", f.id));
    }
    Reply::ok(format!("* STATUS \"{name}\" ({words})\r\n"))
}

fn open(world: &mut World, rest: &str) -> Reply {
    let keeps_state = world.can("CONDSTORE") && !world.quirks.without_state;
    let (by_id, quirks) = (world.can("OBJECTID"), world.quirks.clone());
    let Some(f) = find(world, &quoted(rest)) else {
        return Reply::no("[NONEXISTENT] no such folder");
    };
    let exists = quirks.exists.map_or(f.mails.len(), |n| n as usize);
    let mut text = format!(
        "* FLAGS (\\Seen)\r\n* {exists} EXISTS\r\n* OK [UIDVALIDITY {}] ok\r\n",
        f.validity
    );
    if !quirks.without_uidnext {
        let next = quirks.uidnext.unwrap_or(f.next);
        text.push_str(&format!("* OK [UIDNEXT {next}] ok\r\n"));
    }
    if by_id {
        text.push_str(&format!("* OK [MAILBOXID ({})] ok\r\n", f.id));
    }
    if keeps_state {
        text.push_str(&format!("* OK [HIGHESTMODSEQ {}] ok\r\n", f.modseq));
    } else {
        text.push_str("* OK [NOMODSEQ] none\r\n");
    }
    if let Some((_, sync)) = rest.split_once("(QRESYNC (")
        && keeps_state
    {
        text.push_str(&resync(f, sync));
    }
    Reply::ok(text)
}

/// What changed since the state the client knows.
fn resync(f: &Mailbox, known: &str) -> String {
    let mut words = known.split([' ', ')']);
    let validity = words.next().and_then(|w| w.parse::<u32>().ok());
    let modseq = words.next().and_then(|w| w.parse::<u64>().ok());
    let (Some(modseq), true) = (modseq, validity == Some(f.validity)) else {
        return String::new();
    };
    let mut text = String::new();
    let gone: Vec<u32> = f
        .removed
        .iter()
        .filter(|(_, state)| *state > modseq)
        .map(|(uid, _)| *uid)
        .collect();
    if !gone.is_empty() {
        text.push_str(&format!("* VANISHED (EARLIER) {}\r\n", listed(&gone)));
    }
    for (n, m) in f
        .mails
        .iter()
        .enumerate()
        .filter(|(_, m)| m.modseq > modseq)
    {
        let seen = if m.seen { "\\Seen" } else { "" };
        let (seq, uid, state) = (n + 1, m.uid, m.modseq);
        text.push_str(&format!(
            "* {seq} FETCH (UID {uid} FLAGS ({seen}) MODSEQ ({state}))\r\n"
        ));
    }
    text
}

fn numbered(world: &mut World, folder: &str, rest: &str) -> Reply {
    let (verb, args) = rest.split_once(' ').unwrap_or((rest, ""));
    match verb {
        "FETCH" => {
            let (lines, hang_up) = fetch(world, folder, args);
            Reply {
                hang_up,
                ..Reply::ok(lines)
            }
        }
        "SEARCH" => {
            let same = world.quirks.same_number;
            Reply::ok(search(world.folder(folder), args, same))
        }
        "STORE" => {
            let f = world.folder(folder);
            let there: Vec<u32> = f.mails.iter().map(|m| m.uid).collect();
            for uid in chosen(args.split(' ').next().unwrap_or_default(), &there) {
                f.mark_seen(uid, args.contains(" +FLAGS"));
            }
            Reply::ok("")
        }
        _ => Reply::no("not here"),
    }
}

fn search(f: &Mailbox, args: &str, same_number: bool) -> String {
    let mut there: Vec<u32> = f.mails.iter().map(|m| m.uid).collect();
    if same_number && let [first, second, ..] = there.as_mut_slice() {
        *second = *first;
    }
    let found: Vec<u32> = if let Some(set) = args.strip_prefix("UID ") {
        chosen(set, &there)
    } else if args.contains("X-GM-MSGID ") {
        // One, or several with OR between them.
        let named: Vec<&str> = args.split("X-GM-MSGID ").skip(1).collect();
        let is = |n: &u64, s: &str| s.split(' ').next() == Some(n.to_string().as_str());
        let of = |m: &&super::Mail| named.iter().any(|s| is(&m.gmail.message, s));
        f.mails.iter().filter(of).map(|m| m.uid).collect()
    } else if args.starts_with("HEADER") {
        let id = quoted(args);
        let has = |m: &&super::Mail| String::from_utf8_lossy(&m.raw).contains(&id);
        f.mails.iter().filter(has).map(|m| m.uid).collect()
    } else {
        there
    };
    let mut words: Vec<String> = found.iter().map(u32::to_string).collect();
    words.insert(0, "* SEARCH".into());
    words.join(" ") + "\r\n"
}
