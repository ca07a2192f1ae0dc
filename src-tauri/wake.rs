//! Sleep and wake, and the network's coming back, as the system tells it. The engine notices a sleep by its clock as
//! well, on every system; this is sooner.

use crate::engine::Handle;

/// Rouses the engine for as long as it runs.
#[cfg(target_os = "linux")]
pub async fn listen(engine: Handle) {
    match zbus::Connection::system().await {
        Ok(bus) => linux::follow(&bus, || engine.rouse()).await,
        // A container has none; the clock tells then.
        Err(e) => tracing::info!(error = %e, "there is no system bus that tells of sleep"),
    }
}

/// The clock tells.
#[cfg(not(target_os = "linux"))]
pub async fn listen(_engine: Handle) {}

#[cfg(target_os = "linux")]
mod linux {
    use futures::StreamExt;
    use zbus::message::Type;
    use zbus::{Connection, MatchRule, Message, MessageStream};

    const LOGIND: (&str, &str, &str) = (
        "org.freedesktop.login1",
        "org.freedesktop.login1.Manager",
        "PrepareForSleep",
    );
    const NETWORK: (&str, &str, &str) = (
        "org.freedesktop.NetworkManager",
        "org.freedesktop.NetworkManager",
        "StateChanged",
    );
    /// NetworkManager: the whole network can be reached.
    const CONNECTED: u32 = 70;

    /// Calls `rouse` whenever the computer woke up or is connected again.
    pub async fn follow(bus: &Connection, rouse: impl Fn()) {
        let streams = [stream(bus, LOGIND).await, stream(bus, NETWORK).await];
        let mut heard = futures::stream::select_all(streams.into_iter().flatten());
        while let Some(message) = heard.next().await {
            if message.as_ref().is_ok_and(is_awake) {
                rouse();
            }
        }
    }

    async fn stream(
        bus: &Connection,
        (sender, interface, member): (&'static str, &'static str, &'static str),
    ) -> Option<MessageStream> {
        let rule = MatchRule::builder()
            .msg_type(Type::Signal)
            .sender(sender)
            .and_then(|rule| rule.interface(interface))
            .and_then(|rule| rule.member(member))
            .ok()?
            .build();
        MessageStream::for_match_rule(rule, bus, Some(8)).await.ok()
    }

    fn is_awake(message: &Message) -> bool {
        let header = message.header();
        match header.member().map(zbus::names::MemberName::as_str) {
            // It tells before (true) and after (false).
            Some("PrepareForSleep") => message.body().deserialize::<bool>() == Ok(false),
            Some("StateChanged") => message.body().deserialize::<u32>() == Ok(CONNECTED),
            _ => false,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::private_bus::PrivateBus;
        use std::sync::Arc;
        use std::sync::atomic::{AtomicUsize, Ordering};
        use std::time::Duration;

        #[tokio::test]
        async fn waking_up_and_being_connected_again_rouse_and_falling_asleep_does_not() {
            let Some(bus) = PrivateBus::start() else {
                return;
            };
            let logind = bus.connect(Some(LOGIND.0)).await;
            let network = bus.connect(Some(NETWORK.0)).await;
            let ours = bus.connect(None).await;
            let roused = Arc::new(AtomicUsize::new(0));
            let count = Arc::clone(&roused);
            let task = tokio::spawn(async move {
                follow(&ours, || {
                    count.fetch_add(1, Ordering::SeqCst);
                })
                .await;
            });
            let sleep = |going: bool| {
                let logind = logind.clone();
                async move {
                    let path = "/org/freedesktop/login1";
                    let none = None::<&str>;
                    let sent = logind.emit_signal(none, path, LOGIND.1, LOGIND.2, &going);
                    sent.await.unwrap();
                }
            };
            let net = |state: u32| {
                let network = network.clone();
                async move {
                    let path = "/org/freedesktop/NetworkManager";
                    let none = None::<&str>;
                    let sent = network.emit_signal(none, path, NETWORK.1, NETWORK.2, &state);
                    sent.await.unwrap();
                }
            };
            // The first signals may come before anybody listens.
            for _ in 0..200 {
                sleep(false).await;
                tokio::time::sleep(Duration::from_millis(25)).await;
                if roused.load(Ordering::SeqCst) > 0 {
                    break;
                }
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            let before = roused.load(Ordering::SeqCst);
            assert!(before > 0, "waking up was not heard");
            sleep(true).await;
            net(20).await;
            net(CONNECTED).await;
            for _ in 0..200 {
                if roused.load(Ordering::SeqCst) > before {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(25)).await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert_eq!(roused.load(Ordering::SeqCst), before + 1);
            task.abort();
        }
    }
}
