//! The language of the window. It is kept in a file beside the workspace and not inside it: the door speaks it
//! before anything is opened, and without a key.

use super::args;
use super::dto::{Change, LanguageChoice};
use super::session::{App, blocking};
use crate::error::{Error, Result};
use std::path::Path;
use std::sync::Arc;

const FILE: &str = "language";
/// As many characters as the tag of a language may have.
const LONGEST: usize = 35;

/// Letters, digits and hyphens (RFC 5646). Anything else is no tag, whoever wrote it into the file.
fn is_tag(tag: &str) -> bool {
    (2..=LONGEST).contains(&tag.len())
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn read(dir: &Path) -> Option<String> {
    let tag = std::fs::read_to_string(dir.join(FILE)).ok()?;
    Some(tag.trim().to_owned()).filter(|tag| is_tag(tag))
}

fn write(dir: &Path, tag: Option<&str>) -> Result<()> {
    let file = dir.join(FILE);
    let done = match tag {
        Some(tag) => std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&file, tag)),
        None => match std::fs::remove_file(&file) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        },
    };
    done.map_err(|e| {
        Error::Refused(format!(
            "the language could not be kept in {}: {e}",
            file.display()
        ))
    })
}

impl App {
    /// The language that was chosen.
    ///
    /// # Errors
    /// Never; a file that cannot be read chooses nothing.
    pub async fn language_get(self: &Arc<Self>, _: args::LanguageGet) -> Result<LanguageChoice> {
        let dir = self.options().data_dir.clone();
        blocking(move || {
            Ok(LanguageChoice {
                language: read(&dir),
            })
        })
        .await
    }

    /// Choose a language, or the system's.
    ///
    /// # Errors
    /// When it is no tag of a language, or the file cannot be written.
    pub async fn language_set(self: &Arc<Self>, a: args::LanguageSet) -> Result<LanguageChoice> {
        if a.language.as_deref().is_some_and(|tag| !is_tag(tag)) {
            return Err(Error::Invalid(
                "a language is named by its tag, such as `de`".into(),
            ));
        }
        let dir = self.options().data_dir.clone();
        let chosen = blocking(move || {
            write(&dir, a.language.as_deref())?;
            Ok(LanguageChoice {
                language: read(&dir),
            })
        })
        .await?;
        self.tell(Change {
            conversations: Vec::new(),
            all: false,
            lists: false,
            accounts: false,
            settings: true,
        });
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_language_is_there_at_the_next_start_and_the_systems_again_without() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), None);
        write(dir.path(), Some("ar")).unwrap();
        assert_eq!(read(dir.path()).as_deref(), Some("ar"));
        write(dir.path(), None).unwrap();
        write(dir.path(), None).unwrap();
        assert_eq!(read(dir.path()), None);
    }

    #[test]
    fn a_file_that_holds_something_else_chooses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        for other in ["", "e", "../../etc", "de\nfr", "<b>", &"x".repeat(36)] {
            std::fs::write(dir.path().join(FILE), other).unwrap();
            assert_eq!(read(dir.path()), None, "{other:?}");
        }
        std::fs::write(dir.path().join(FILE), "pt-BR\n").unwrap();
        assert_eq!(read(dir.path()).as_deref(), Some("pt-BR"));
    }
}
