//! Writes the window's TypeScript types from the table, so that they are never written twice.

use super::{args, dto};
use std::fmt::Write as _;
use std::path::Path;
use ts_rs::{Config, ExportError, TS};

/// Exports what a list is a list of.
struct Inner<'a> {
    cfg: &'a Config,
    failed: Option<ExportError>,
}

impl ts_rs::TypeVisitor for Inner<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_some()
            && let Err(e) = T::export_all(self.cfg)
        {
            self.failed = Some(e);
        }
    }
}

macro_rules! exports { ($($args:ident $name:literal -> $reply:ty, $role:ident, $run:path;)*) => {
    /// Write all types, and `commands.ts` that maps each command's name to its arguments and reply, into `dir`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_to(dir: &Path) -> Result<(), ExportError> {
        let cfg = Config::new().with_out_dir(dir).with_large_int("number");
        let mut map = String::from("// Written by `cargo nextest run -p parley-engine typescript`; do not edit.\n");
        let mut imports = std::collections::BTreeSet::new();
        let mut rows = String::new();
        $(
            args::$args::export_all(&cfg)?;
            let mut inner = Inner { cfg: &cfg, failed: None };
            <$reply as TS>::visit_generics(&mut inner);
            match inner.failed {
                Some(e) => return Err(e),
                None if <$reply as TS>::output_path().is_some() => <$reply as TS>::export_all(&cfg)?,
                None => {}
            }
            let reply = <$reply as TS>::name(&cfg);
            let bare = reply.trim_start_matches("Array<").trim_end_matches('>');
            imports.insert(bare.to_owned());
            let _ = writeln!(map, "import type {{ {0} as {0}Args }} from \"./args/{0}\";", args::$args::name(&cfg));
            let _ = writeln!(rows, "  {}: {{ args: {}Args; reply: {} }};", $name, args::$args::name(&cfg), reply);
        )*
        of_the_session(&cfg, &mut map, &mut imports, &mut rows)?;
        dto::Change::export_all(&cfg)?;
        dto::Notice::export_all(&cfg)?;
        dto::ErrorBody::export_all(&cfg)?;
        dto::SessionStatus::export_all(&cfg)?;
        imports.insert("SessionStatus".to_owned());
        for name in &imports {
            let _ = writeln!(map, "import type {{ {name} }} from \"./{name}\";");
        }
        let _ = write!(map, "\n/** Every command: its arguments and its reply. */\nexport interface Commands {{\n  session_status: {{ args: Record<string, never>; reply: SessionStatus }};\n  session_open: {{ args: {{ passphrase: string | null }}; reply: SessionStatus }};\n{rows}}}\n");
        std::fs::write(dir.join("commands.ts"), map)?;
        Ok(())
    }
}; }
super::table::table!(exports);

macro_rules! session_exports { ($($args:ident $name:literal -> $reply:ty, $run:ident;)*) => {
    /// The commands that the session itself answers.
    fn of_the_session(
        cfg: &Config,
        map: &mut String,
        imports: &mut std::collections::BTreeSet<String>,
        rows: &mut String,
    ) -> Result<(), ExportError> {
        $(
            args::$args::export_all(cfg)?;
            let mut inner = Inner { cfg, failed: None };
            <$reply as TS>::visit_generics(&mut inner);
            match inner.failed {
                Some(e) => return Err(e),
                None if <$reply as TS>::output_path().is_some() => <$reply as TS>::export_all(cfg)?,
                None => {}
            }
            let reply = <$reply as TS>::name(cfg);
            imports.insert(reply.trim_start_matches("Array<").trim_end_matches('>').to_owned());
            let _ = writeln!(map, "import type {{ {0} as {0}Args }} from \"./args/{0}\";", args::$args::name(cfg));
            let _ = writeln!(rows, "  {}: {{ args: {}Args; reply: {} }};", $name, args::$args::name(cfg), reply);
        )*
        Ok(())
    }
}; }
super::keep::table!(session_exports);
