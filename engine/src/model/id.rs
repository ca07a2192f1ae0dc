//! Typed ids. The same input makes the same id on every desktop of a workspace (`model.md`, Identity).

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// The workspace's random key under which ids are made, so that an id reveals no address.
#[derive(Clone)]
pub struct IdKey([u8; 32]);

impl std::fmt::Debug for IdKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdKey(..)")
    }
}

impl IdKey {
    /// The key as made at set-up.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be kept in the database and handed to a desktop that joins; never shown or logged.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// UUIDv8 of HMAC-SHA-256 over the length-prefixed parts (RFC 9562 §5.8).
    #[must_use]
    pub fn id(&self, parts: &[&[u8]]) -> [u8; 16] {
        // A 32-byte key is always a valid HMAC key.
        #[allow(clippy::expect_used)]
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes();
        let mut id = [0u8; 16];
        id.copy_from_slice(&digest[..16]);
        id[6] = (id[6] & 0x0f) | 0x80;
        id[8] = (id[8] & 0x3f) | 0x80;
        id
    }
}

/// An id that is nothing but unique: UUIDv4.
///
/// # Panics
/// Never in practice: only when the system has no source of randomness at all.
#[must_use]
pub fn random_id() -> [u8; 16] {
    let mut b = [0u8; 16];
    #[allow(clippy::expect_used)]
    getrandom::fill(&mut b).expect("the system gives random bytes");
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    b
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ts_rs::TS)]
        pub struct $name(#[ts(type = "string")] pub [u8; 16]);

        impl $name {
            /// A new random id.
            #[must_use]
            pub fn random() -> Self { Self(random_id()) }
            /// 32 lower-case hexadecimal digits.
            #[must_use]
            pub fn hex(&self) -> String { data_encoding::HEXLOWER.encode(&self.0) }
            /// From 32 hexadecimal digits.
            #[must_use]
            pub fn parse(s: &str) -> Option<Self> {
                let v = data_encoding::HEXLOWER_PERMISSIVE.decode(s.as_bytes()).ok()?;
                Some(Self(v.try_into().ok()?))
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.hex())
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(&self.hex()) }
        }
        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(&self.hex()) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let s = std::borrow::Cow::<'de, str>::deserialize(d)?;
                Self::parse(&s).ok_or_else(|| serde::de::Error::custom("not an id (32 hexadecimal digits)"))
            }
        }
        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(rusqlite::types::ToSqlOutput::from(&self.0[..]))
            }
        }
        impl rusqlite::types::FromSql for $name {
            fn column_result(v: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                let b = v.as_blob()?;
                b.try_into().map(Self).map_err(|_| rusqlite::types::FromSqlError::InvalidBlobSize { expected_size: 16, blob_size: b.len() })
            }
        }
    )*};
}

ids! {
    /// One connected mailbox, professional account, phone number or bot.
    AccountId;
    /// One canonical address of a person on a channel.
    HandleId;
    /// A person; also the id of their conversation.
    CustomerId;
    /// One message.
    MessageId;
    /// One entry of the log.
    EntryId;
    /// One command's entries: what one undo takes back.
    GroupId;
    /// A person of the team.
    AgentId;
    /// One installation of Parley.
    DeviceId;
    /// A kept file of a message, or a file staged for sending.
    FileId;
    /// One import of a file or a folder.
    ImportId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_input_makes_the_same_id_and_parts_do_not_run_together() {
        let key = IdKey::new([7; 32]);
        assert_eq!(
            key.id(&[b"handle", b"email", b"a@b"]),
            key.id(&[b"handle", b"email", b"a@b"])
        );
        assert_ne!(key.id(&[b"ab", b"c"]), key.id(&[b"a", b"bc"]));
        assert_ne!(key.id(&[b"x"]), IdKey::new([8; 32]).id(&[b"x"]));
    }

    #[test]
    fn an_id_is_a_version_8_uuid() {
        let id = IdKey::new([1; 32]).id(&[b"x"]);
        assert_eq!((id[6] >> 4, id[8] >> 6), (8, 2));
    }

    #[test]
    fn an_id_survives_its_hexadecimal_form() {
        let id = MessageId::random();
        assert_eq!(MessageId::parse(&id.hex()), Some(id));
        assert_eq!(MessageId::parse("zz"), None);
    }
}
