//! Spelling, checked by the system while somebody writes: in the language of the window and in those of the system.
//!
//! On Linux the web view checks nothing until it is told to (with the dictionaries that Enchant finds); on macOS and
//! Windows the system's own settings say it.

use tauri::AppHandle;

/// Most languages that are checked at a time: each dictionary takes memory.
const MOST: usize = 5;

/// Has the window's spelling checked in these languages from now on.
#[cfg(target_os = "linux")]
pub fn check(app: &AppHandle) {
    use crate::words;
    use tauri::Manager;
    use webkit2gtk::{WebContextExt, WebViewExt};

    let Some(window) = app.get_webview_window(crate::window::LABEL) else {
        return;
    };
    let languages = languages(&words::language(), &system());
    let told = window.with_webview(move |view| {
        if let Some(context) = view.inner().context() {
            let languages: Vec<&str> = languages.iter().map(String::as_str).collect();
            context.set_spell_checking_languages(&languages);
            context.set_spell_checking_enabled(true);
        }
    });
    if let Err(e) = told {
        tracing::warn!(error = %e, "spelling is not checked");
    }
}

/// The system decides.
#[cfg(not(target_os = "linux"))]
pub fn check(_: &AppHandle) {}

/// What the system says of its languages, the most wanted first.
#[cfg(target_os = "linux")]
fn system() -> Vec<String> {
    ["LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .flat_map(|value| value.split(':').map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The languages as dictionaries are named (`de_AT`): a country where the system says one, else the usual one.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn languages(window: &str, system: &[String]) -> Vec<String> {
    let named: Vec<String> = system.iter().filter_map(|l| locale(l)).collect();
    let own = locale(window);
    let of_window = own.iter().flat_map(|own| {
        let same: Vec<String> = named
            .iter()
            .filter(|l| l.get(..2) == own.get(..2))
            .cloned()
            .collect();
        if same.is_empty() {
            vec![own.clone()]
        } else {
            same
        }
    });
    let mut out: Vec<String> = Vec::new();
    for language in of_window.chain(named.clone()) {
        if !out.contains(&language) && out.len() < MOST {
            out.push(language);
        }
    }
    out
}

/// `de-AT`, `de_AT.UTF-8` or `de` as `de_AT` or `de_DE`; none for `C` and its like.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn locale(said: &str) -> Option<String> {
    let bare = said.split(['.', '@']).next().unwrap_or_default();
    let mut parts = bare.split(['-', '_']);
    let language = parts.next()?.to_ascii_lowercase();
    if language.len() != 2 || !language.bytes().all(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let country = parts
        .next()
        .filter(|c| c.len() == 2 && c.bytes().all(|b| b.is_ascii_alphabetic()))
        .map(str::to_ascii_uppercase);
    let usual = match language.as_str() {
        "en" => "US",
        "de" => "DE",
        "nl" => "NL",
        "fr" => "FR",
        // Dictionaries of Arabic, as of many others, name no country.
        _ => return Some(country.map_or(language.clone(), |c| format!("{language}_{c}"))),
    };
    Some(format!(
        "{language}_{}",
        country.unwrap_or_else(|| usual.to_owned())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(window: &str, system: &[&str]) -> Vec<String> {
        languages(
            window,
            &system.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn the_windows_language_comes_first_in_the_country_that_the_system_names() {
        assert_eq!(
            asked("de", &["en_GB.UTF-8", "de_AT.UTF-8"]),
            ["de_AT", "en_GB"]
        );
        assert_eq!(asked("ar", &["fr_CA.UTF-8"]), ["ar", "fr_CA"]);
        assert_eq!(asked("en", &[]), ["en_US"]);
    }

    #[test]
    fn what_names_no_language_is_left_out() {
        assert_eq!(asked("nl", &["C.UTF-8", "POSIX", "", "C"]), ["nl_NL"]);
        assert_eq!(asked("", &["../../x", "xx-y"]), ["xx"]);
    }

    #[test]
    fn no_more_than_a_few_are_checked() {
        let many: Vec<String> = (b'a'..=b'z').map(|c| format!("x{}", c as char)).collect();
        assert_eq!(languages("en", &many).len(), MOST);
    }
}
