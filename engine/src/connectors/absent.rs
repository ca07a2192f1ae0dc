//! An account of a channel that this build cannot speak, as one that a newer Parley of the team connected.

use super::{Connector, Result, Step};
use crate::model::{
    Batch, Capabilities, Channel, ChannelError, Cursor, Outgoing, Profile, Receipt, Remedy,
};
use async_trait::async_trait;

pub(super) struct Absent(Channel);

impl Absent {
    pub(super) fn new(channel: Channel) -> Self {
        Self(channel)
    }

    fn no<T>(&self) -> Result<T> {
        Err(ChannelError::new(
            Remedy::Final,
            "connect",
            format!("This Parley cannot speak {}. Update it.", self.0.as_str()),
        ))
    }
}

#[async_trait]
impl Connector for Absent {
    fn capabilities(&self) -> Capabilities {
        Capabilities::of_text(self.0)
    }

    async fn check(&self) -> (Vec<Step>, Result<Profile>) {
        (Vec::new(), self.no())
    }

    async fn poll(&self, _cursor: Option<&Cursor>) -> Result<Batch> {
        self.no()
    }

    async fn send(&self, _message: &Outgoing) -> Result<Receipt> {
        self.no()
    }
}
