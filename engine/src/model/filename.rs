//! Names of files that strangers chose: made safe to show and to save, and what a file of that name may do.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Longest name of a file, in bytes.
pub const MAX_FILE_NAME: usize = 180;
/// Longest ending that is kept when a name is cut.
const MAX_ENDING: usize = 16;

/// Why a person is warned of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FileWarning {
    /// It runs, or shows a page, when it is opened.
    Runs,
    /// It may hold macros.
    Macros,
    /// Its content is of another kind than its name says.
    Disguised,
}

/// A name that is safe to show and to save: one line, no path, nothing unseen, nothing that a system reserves, at most
/// [`MAX_FILE_NAME`] bytes with its ending kept. `None` where nothing of a name is left.
#[must_use]
pub fn safe(given: &str) -> Option<String> {
    let last = given
        .trim_end_matches(['/', '\\'])
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default();
    let seen: String = last
        .chars()
        .filter(|c| !is_unseen(*c))
        .map(|c| match c {
            '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
            c if c.is_whitespace() => ' ',
            c => c,
        })
        .collect();
    // A row of spaces pushes the true ending out of sight.
    let words: Vec<&str> = seen.split(' ').filter(|w| !w.is_empty()).collect();
    let name = words.join(" ");
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() {
        return None;
    }
    let name = if is_reserved(name) {
        format!("_{name}")
    } else {
        name.to_owned()
    };
    Some(shorten(&name))
}

/// Characters that are not seen, or that turn the reading direction, so that `gpj.exe` reads `exe.jpg`.
fn is_unseen(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF9}'..='\u{FFFC}' | '\u{E0000}'..='\u{E007F}')
}

/// Names of devices in Windows, with any ending.
fn is_reserved(name: &str) -> bool {
    let stem = name
        .split('.')
        .next()
        .unwrap_or_default()
        .trim_end()
        .to_uppercase();
    if matches!(
        stem.as_str(),
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$"
    ) {
        return true;
    }
    let number = stem
        .strip_prefix("COM")
        .or_else(|| stem.strip_prefix("LPT"));
    number.is_some_and(|n| {
        let mut digits = n.chars();
        digits
            .next()
            .is_some_and(|c| c.is_ascii_digit() || matches!(c, '\u{b9}' | '\u{b2}' | '\u{b3}'))
            && digits.next().is_none()
    })
}

/// Cuts a long name in its middle, so that its ending stays true.
fn shorten(name: &str) -> String {
    let cut = |text: &str, most: usize| {
        text.get(..text.floor_char_boundary(most))
            .unwrap_or_default()
            .trim_end_matches(['.', ' '])
            .to_owned()
    };
    if name.len() <= MAX_FILE_NAME {
        return name.to_owned();
    }
    match name
        .rsplit_once('.')
        .filter(|(_, e)| !e.is_empty() && e.len() <= MAX_ENDING)
    {
        Some((stem, ending)) => format!("{}.{ending}", cut(stem, MAX_FILE_NAME - ending.len() - 1)),
        None => cut(name, MAX_FILE_NAME),
    }
}

/// Endings of what runs, installs, leads elsewhere or shows a page when it is opened.
const RUNS: &[&str] = &[
    "7zsfx",
    "ace",
    "action",
    "ade",
    "adp",
    "air",
    "apk",
    "app",
    "appimage",
    "application",
    "appref-ms",
    "appx",
    "appxbundle",
    "asp",
    "aspx",
    "bas",
    "bash",
    "bat",
    "bin",
    "cab",
    "cer",
    "chm",
    "cmd",
    "com",
    "command",
    "cpl",
    "crt",
    "csh",
    "deb",
    "desktop",
    "diagcab",
    "dll",
    "dmg",
    "dylib",
    "elf",
    "exe",
    "fish",
    "flatpakref",
    "fxp",
    "gadget",
    "hlp",
    "hta",
    "htm",
    "html",
    "img",
    "inf",
    "ins",
    "iqy",
    "iso",
    "isp",
    "jar",
    "jnlp",
    "js",
    "jse",
    "ksh",
    "lib",
    "library-ms",
    "lnk",
    "mad",
    "maf",
    "mam",
    "maq",
    "mar",
    "mau",
    "mav",
    "maw",
    "mht",
    "mhtml",
    "mjs",
    "msc",
    "msh",
    "msi",
    "msix",
    "msixbundle",
    "msp",
    "mst",
    "ocx",
    "oxt",
    "out",
    "pcd",
    "php",
    "pif",
    "pkg",
    "pl",
    "prf",
    "prg",
    "ps1",
    "psc1",
    "psd1",
    "psm1",
    "py",
    "pyc",
    "pyw",
    "pyz",
    "rb",
    "rdp",
    "reg",
    "rpm",
    "run",
    "scf",
    "scpt",
    "scr",
    "sct",
    "search-ms",
    "searchconnector-ms",
    "settingcontent-ms",
    "sh",
    "shb",
    "shs",
    "slk",
    "snap",
    "so",
    "svg",
    "svgz",
    "swf",
    "sys",
    "theme",
    "themepack",
    "tcl",
    "tool",
    "udl",
    "url",
    "vb",
    "vbe",
    "vbs",
    "vhd",
    "vhdx",
    "vsw",
    "webloc",
    "website",
    "workflow",
    "ws",
    "wsc",
    "wsf",
    "wsh",
    "xbap",
    "xht",
    "xhtml",
    "xll",
    "xpi",
    "xsl",
    "xml",
    "zsh",
];

/// Endings of documents that may hold macros.
const MACROS: &[&str] = &[
    "doc", "docm", "dot", "dotm", "mdb", "accdb", "odb", "one", "pot", "potm", "ppa", "ppam",
    "pps", "ppsm", "ppt", "pptm", "pub", "sldm", "xla", "xlam", "xls", "xlsb", "xlsm", "xlt",
    "xltm", "xlw",
];

/// What a content that told its kind may be called: kinds by the endings that go with them.
const KINDS: &[(&str, &[&str])] = &[
    ("application/pdf", &["pdf", "ai"]),
    ("image/png", &["png", "apng"]),
    ("image/jpeg", &["jpg", "jpeg", "jpe", "jfif"]),
    ("image/gif", &["gif"]),
    ("image/webp", &["webp"]),
    ("image/bmp", &["bmp", "dib"]),
    ("image/tiff", &["tif", "tiff"]),
    ("image/heif", &["heic", "heif"]),
    ("audio/mpeg", &["mp3", "mpga"]),
    ("video/mp4", &["mp4", "m4v", "mov"]),
    (
        "application/zip",
        &[
            "zip", "docx", "xlsx", "pptx", "odt", "ods", "odp", "epub", "pages", "numbers", "key",
            "kmz", "xps", "vsdx",
        ],
    ),
    ("application/gzip", &["gz", "tgz", "svgz"]),
    ("application/vnd.rar", &["rar"]),
    ("application/x-7z-compressed", &["7z"]),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        &["docx"],
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        &["xlsx"],
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        &["pptx"],
    ),
];

/// Kinds of content that run, whatever the file is called.
fn is_program(mime: &str) -> bool {
    matches!(
        mime,
        "application/vnd.microsoft.portable-executable"
            | "application/x-executable"
            | "application/x-elf"
            | "application/x-mach-binary"
            | "application/x-msdownload"
            | "application/x-dosexec"
            | "application/java-vm"
            | "application/java"
            | "application/vnd.android.dex"
            | "text/x-shellscript"
            | "application/x-sh"
            | "application/vnd.debian.binary-package"
            | "application/x-rpm"
            | "application/wasm"
            | "application/llvm"
            | "application/x-msi"
            | "application/x-ms-shortcut"
            | "image/svg+xml"
            | "text/html"
            | "application/xhtml+xml"
    )
}

/// Whether a person must be warned of a file, and of what. `mime` is what its content told where it told anything.
#[must_use]
pub fn warning(name: &str, mime: &str) -> Option<FileWarning> {
    let lower = name.to_lowercase();
    let ending = lower.rsplit_once('.').map_or("", |(_, e)| e.trim());
    if RUNS.contains(&ending) || is_program(mime) {
        return Some(FileWarning::Runs);
    }
    if MACROS.contains(&ending) || mime.contains("macroenabled") || mime.contains("macroEnabled") {
        return Some(FileWarning::Macros);
    }
    let told = KINDS.iter().find(|k| k.0 == mime)?;
    let fits = told.1.contains(&ending);
    // A name without an ending, or with one that nobody knows, pretends nothing.
    let pretends = KINDS.iter().any(|k| k.1.contains(&ending))
        || matches!(
            ending,
            "txt" | "csv" | "ics" | "vcf" | "eml" | "json" | "rtf" | "log" | "md"
        );
    (!fits && pretends).then_some(FileWarning::Disguised)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_and_hides_nothing() {
        for (given, want) in [
            ("invoice.pdf", "invoice.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\x\\invoice.pdf", "invoice.pdf"),
            ("a/b/", "b"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("inv\u{200b}oice\u{feff}.p\u{0}df", "invoice.pdf"),
            ("a\r\nb.txt", "ab.txt"),
            ("tab\there.txt", "tab here.txt"),
            (
                "invoice.pdf                                   .exe",
                "invoice.pdf .exe",
            ),
            ("x.txt. . .", "x.txt"),
            (".bashrc", "bashrc"),
            ("con", "_con"),
            ("NUL.tar.gz", "_NUL.tar.gz"),
            ("com1.txt", "_com1.txt"),
            ("LPT\u{b2}.txt", "_LPT\u{b2}.txt"),
            ("COM10.txt", "COM10.txt"),
            ("contract.txt", "contract.txt"),
            ("a.txt:evil.exe", "a.txt_evil.exe"),
            ("a<b>|?*\".txt", "a_b_____.txt"),
            ("\u{dc}bersicht 100%.pdf", "\u{dc}bersicht 100%.pdf"),
            ("\u{898b}\u{7a4d}.pdf", "\u{898b}\u{7a4d}.pdf"),
        ] {
            assert_eq!(safe(given).as_deref(), Some(want), "{given:?}");
            assert_eq!(safe(want).as_deref(), Some(want), "{want:?}");
        }
        for nothing in ["", "...", " ", "/", "\\\\", "\u{202e}", "\0"] {
            assert_eq!(safe(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending_and_its_letters_whole() {
        for (stem, bytes) in [(175, 179), (176, 180), (177, 180), (5_000, 180)] {
            let name = safe(&format!("{}.pdf", "a".repeat(stem))).unwrap();
            assert!(
                name.len() == bytes && name.ends_with(".pdf"),
                "{stem}: {}",
                name.len()
            );
        }
        let wide = safe(&format!("{}.pdf", "\u{e4}".repeat(300))).unwrap();
        assert!(wide.len() <= MAX_FILE_NAME && wide.ends_with("\u{e4}.pdf"));
        assert!(safe(&"x.".repeat(300)).unwrap().len() <= MAX_FILE_NAME);
    }

    #[test]
    fn a_file_that_runs_or_pretends_is_named_as_such() {
        use FileWarning::{Disguised, Macros, Runs};
        for (name, mime, want) in [
            ("invoice.pdf.exe", "application/octet-stream", Some(Runs)),
            ("x.DESKTOP", "text/plain", Some(Runs)),
            ("a.svg", "image/svg+xml", Some(Runs)),
            (
                "invoice.pdf",
                "application/vnd.microsoft.portable-executable",
                Some(Runs),
            ),
            ("page", "text/html", Some(Runs)),
            ("list.xlsm", "application/zip", Some(Macros)),
            ("letter.doc", "application/msword", Some(Macros)),
            ("photo.jpg", "application/pdf", Some(Disguised)),
            ("notes.txt", "application/zip", Some(Disguised)),
            ("photo.jpg", "image/jpeg", None),
            ("photo.JPEG", "image/jpeg", None),
            ("letter.docx", "application/zip", None),
            ("README", "application/pdf", None),
            ("data.xyz", "application/zip", None),
            ("notes.txt", "text/plain", None),
            ("scan.pdf", "application/octet-stream", None),
        ] {
            assert_eq!(warning(name, mime), want, "{name} {mime}");
        }
    }
}
