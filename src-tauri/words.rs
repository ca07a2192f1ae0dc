//! What the shell itself says to a person: everything outside the window's own page.

/// The program's name, also the window's title.
pub const NAME: &str = "Parley";
/// The tray's entry that shows the window.
pub const OPEN: &str = "Open Parley";
/// The tray's entry that ends the program.
pub const QUIT: &str = "Quit";
/// The button that opens a link.
pub const OPEN_LINK: &str = "Open";
/// The button that leaves a link alone.
pub const CANCEL: &str = "Cancel";
/// The title over a choice of files to attach.
pub const ATTACH: &str = "Attach files";
/// The title over the choice of where to save a file.
pub const SAVE: &str = "Save file";
/// Title of the dialog that chooses what to import.
pub const IMPORT: &str = "Choose what to import";
/// A notification's action.
pub const SHOW: &str = "Show";
/// A notification's text when the message's own text must not be shown.
pub const NEW_MESSAGE: &str = "New message";

/// The tray's tooltip.
pub fn waiting(count: u32) -> String {
    match count {
        0 => NAME.to_owned(),
        1 => "Parley: 1 customer is waiting".to_owned(),
        n => format!("Parley: {n} customers are waiting"),
    }
}

/// The title of one notification that stands for many.
pub fn many_messages(count: usize) -> String {
    format!("{count} new messages")
}

/// The text of one notification that stands for many.
pub fn many_customers(count: usize) -> String {
    if count == 1 {
        "from one customer".to_owned()
    } else {
        format!("from {count} customers")
    }
}

/// The question before a web page is opened.
pub fn ask_web(host: &str, address: &str) -> String {
    format!("This link opens {host} in your browser.\n\n{address}")
}

/// The question before another program is handed an address or a number.
pub fn ask_other(address: &str) -> String {
    format!("This link opens another program on this computer.\n\n{address}")
}

/// Whether a character steers how others are shown instead of being shown: in a stranger's text or file name it
/// can only mislead.
pub fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
