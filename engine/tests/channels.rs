//! Channels of short texts: what holds for all of them, whatever the vendor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers fail as tests do

#[path = "channels/afterwards.rs"]
mod afterwards;
#[path = "channels/carried.rs"]
mod carried;
#[path = "channels/desk.rs"]
mod desk;
#[path = "channels/drafts.rs"]
mod drafts;
#[path = "channels/echoes.rs"]
mod echoes;
#[path = "channels/leaving.rs"]
mod leaving;
#[path = "channels/pace.rs"]
mod pace;
#[path = "channels/parts.rs"]
mod parts;
#[path = "channels/people.rs"]
mod people;
mod scene;
#[path = "channels/sending.rs"]
mod sending;
#[path = "channels/settings.rs"]
mod settings;
#[path = "channels/unread.rs"]
mod unread;
