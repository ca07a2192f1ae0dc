//! `fields=`: names, each with a limit and names of its own.

/// What was asked for of a thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) limit: Option<usize>,
    pub(super) within: Vec<Field>,
}

/// Names that may be asked for of each thing, by the documents and what is used in the field.
const CONVERSATION: &[&str] = &["id", "updated_time", "participants", "messages"];
const MESSAGE: &[&str] = &[
    "id",
    "created_time",
    "from",
    "to",
    "message",
    "is_unsupported",
    "sticker",
    "attachments",
    "shares",
    "story",
    "reactions",
];
const ATTACHMENT: &[&str] = &[
    "id",
    "mime_type",
    "name",
    "size",
    "image_data",
    "video_data",
    "file_url",
];
const SHARE: &[&str] = &["id", "link", "name", "description", "template"];
const PERSON: &[&str] = &[
    "id",
    "name",
    "username",
    "profile_pic",
    "is_user_follow_business",
    "follower_count",
    "first_name",
    "last_name",
    "email",
];

/// The names that a thing has.
pub(super) fn of_conversation(name: &str) -> Option<&'static [&'static str]> {
    CONVERSATION.contains(&name).then_some(match name {
        "messages" => MESSAGE,
        "participants" => PERSON,
        _ => &[],
    })
}

/// The names that a message has.
pub(super) fn of_message(name: &str) -> Option<&'static [&'static str]> {
    MESSAGE.contains(&name).then_some(match name {
        "attachments" => ATTACHMENT,
        "shares" => SHARE,
        _ => &[],
    })
}

/// The first name that is none, or that is refused.
pub(super) fn wrong(
    asked: &[Field],
    known: fn(&str) -> Option<&'static [&'static str]>,
    refused: &dyn Fn(&str) -> bool,
) -> Option<String> {
    for field in asked {
        let Some(within) = known(&field.name).filter(|_| !refused(&field.name)) else {
            return Some(field.name.clone());
        };
        let inner = if field.name == "messages" {
            wrong(&field.within, of_message, refused)
        } else {
            let bad = |f: &&Field| {
                !within.is_empty() && !within.contains(&f.name.as_str()) || refused(&f.name)
            };
            field.within.iter().find(bad).map(|f| f.name.clone())
        };
        if inner.is_some() {
            return inner;
        }
    }
    None
}

/// Reads `fields=`; none where it cannot be read.
pub(super) fn parse(text: &str) -> Option<Vec<Field>> {
    let mut rest = text.trim();
    let fields = list(&mut rest)?;
    rest.is_empty().then_some(fields)
}

fn list(rest: &mut &str) -> Option<Vec<Field>> {
    let mut fields = Vec::new();
    loop {
        fields.push(field(rest)?);
        match rest.strip_prefix(',') {
            Some(after) => *rest = after,
            None => return Some(fields),
        }
    }
}

fn field(rest: &mut &str) -> Option<Field> {
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len());
    let (name, after) = rest.split_at(end);
    *rest = after;
    let mut field = Field {
        name: name.to_owned(),
        ..Field::default()
    };
    if let Some(after) = rest.strip_prefix(".limit(") {
        let (number, after) = after.split_once(')')?;
        field.limit = Some(number.parse().ok()?);
        *rest = after;
    }
    if let Some(after) = rest.strip_prefix('{') {
        *rest = after;
        field.within = list(rest)?;
        *rest = rest.strip_prefix('}')?;
    }
    (!field.name.is_empty()).then_some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_names_and_limits_are_read_and_nonsense_is_refused() {
        let read = parse("id,messages.limit(3){id,shares{link}},updated_time").unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(read[1].limit, Some(3));
        assert_eq!(read[1].within[1].within[0].name, "link");
        for bad in ["", "id,", "messages{id", "a}b", "messages.limit(x)"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        let none = |_: &str| false;
        assert_eq!(wrong(&read, of_conversation, &none), None);
        let told = parse("id,messages{id,mood}").unwrap();
        assert_eq!(
            wrong(&told, of_conversation, &none),
            Some("mood".to_owned())
        );
        let refused = |name: &str| name == "shares";
        assert_eq!(
            wrong(&read, of_conversation, &refused),
            Some("shares".to_owned())
        );
    }
}
