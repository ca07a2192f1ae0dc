//! The throw-away homeserver does what the tests of the chat rely on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)] // helpers fail as tests do

use parley_sandbox::Error;
use parley_sandbox::synapse::{Synapse, Wishes};
use serde_json::json;

#[test]
fn users_speak_in_a_room_and_all_of_it_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut synapse = match Synapse::start(folder.path(), &Wishes::default()) {
        Err(Error::Skipped(why)) => return println!("skipped: {why}"),
        other => other.unwrap(),
    };
    let agent = synapse.register("support").unwrap();
    let visitor = synapse.register("visitor").unwrap();
    let room = visitor.create_room(&[&agent.user_id], &json!([])).unwrap();
    agent
        .call("POST", &format!("/join/{room}"), &json!({}))
        .unwrap();
    let first = visitor.say(&room, "t1", "Is the lamp in stock?").unwrap();
    assert_eq!(
        first,
        visitor.say(&room, "t1", "Is the lamp in stock?").unwrap()
    );
    let file = visitor.upload("text/plain", b"one lamp").unwrap();
    assert_eq!(agent.download(&file).unwrap(), b"one lamp");
    synapse.registration_token("shop", Some(2)).unwrap();
    synapse.registration_token("shop", Some(2)).unwrap();

    let before = synapse.url();
    synapse.restart().unwrap();
    assert_eq!(synapse.url(), before);
    let again = synapse.register("support").unwrap();
    assert_eq!(again.user_id, agent.user_id);
    let said: Vec<_> = again.events(&room).unwrap();
    assert_eq!(
        said.iter()
            .filter(|e| e["content"]["body"] == "Is the lamp in stock?")
            .count(),
        1
    );
    synapse.deactivate(&visitor.user_id).unwrap();
    let refused = visitor
        .say(&room, "t2", "Still here?")
        .unwrap_err()
        .to_string();
    assert!(refused.contains("M_UNKNOWN_TOKEN"), "{refused}");
}
