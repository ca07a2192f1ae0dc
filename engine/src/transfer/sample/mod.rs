//! Made-up conversations to look around with: a shop that sells lamps, its colleagues, and people who write to it over
//! all channels in five languages. They are written in the interchange format and read as any other file of it is.
//!
//! The same seed and the same moment give the same lines, on every computer.

mod cast;
mod casting;
mod days;
mod dice;
mod files;
mod hours;
mod leads;
mod letters;
mod oddities;
mod run;
mod talk;
mod words;

pub use run::{begin, load, remove, rest};

use crate::model::AgentId;
use crate::time::Millis;
use casting::Casting;
use dice::Dice;
use files::Files;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use words::{Tongue, Words};

/// What makes a sample this one and no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// The moment that its newest messages lie shortly before.
    pub now: Millis,
    /// How its dice fall.
    pub seed: u64,
    /// The person who looks: some of it is theirs.
    pub me: AgentId,
    /// Their name.
    pub name: String,
    /// How many were removed before it: what was done in them is in the log for good, and would not be done anew.
    #[serde(default)]
    pub turn: u32,
}

/// What all conversations have in common.
struct World {
    now: Millis,
    seed: u64,
    me: String,
    name: String,
    turn: Millis,
    words: BTreeMap<Tongue, Words>,
    files: Files,
}

impl World {
    /// The id of an agent: 0 is the person who looks.
    fn agent_id(&self, n: usize) -> String {
        if n == 0 {
            self.me.clone()
        } else {
            cast::colleague_id(n)
        }
    }

    fn first_name(&self, n: usize) -> &str {
        let name = match n.checked_sub(1) {
            None => &self.name,
            Some(n) => cast::COLLEAGUES.get(n).copied().unwrap_or_default(),
        };
        name.split_whitespace().next().unwrap_or_default()
    }
}

/// The ids of the colleagues who exist only in the sample.
#[must_use]
pub fn colleagues() -> Vec<AgentId> {
    (1..=cast::COLLEAGUES.len())
        .filter_map(|n| AgentId::parse(&cast::colleague_id(n)))
        .collect()
}

/// The lines of the sample, each without its line feed.
#[must_use]
pub fn lines(recipe: &Recipe) -> Vec<String> {
    let world = World {
        now: recipe.now,
        seed: recipe.seed,
        me: recipe.me.hex(),
        name: recipe.name.clone(),
        turn: recipe.turn.into(),
        words: words::all(),
        files: Files::new(),
    };
    let mut all = vec![json!({
        "parley": crate::model::interchange::FORMAT,
        "version": crate::model::interchange::VERSION,
        "exported_at": recipe.now,
    })];
    all.extend(accounts());
    all.extend(agents(&world));
    let mut casting = Casting::new(&world, Dice::new(recipe.seed));
    all.extend(days::lines(&mut casting));
    all.extend(leads::lines(&mut casting));
    all.extend(oddities::lines(&mut casting));
    all.extend(letters::lines(&mut casting));
    all.iter().map(Value::to_string).collect()
}

fn accounts() -> impl Iterator<Item = Value> {
    cast::ACCOUNTS.into_iter().map(|a| {
        json!({"type": "account", "id": a.id, "channel": a.channel, "address": a.address, "name": cast::SHOP})
    })
}

fn agents(world: &World) -> Vec<Value> {
    let named =
        |n: usize, name: &str| json!({"type": "agent", "id": world.agent_id(n), "name": name});
    let me = named(0, &world.name);
    let others = (1..).zip(cast::COLLEAGUES).map(|(n, name)| named(n, name));
    std::iter::once(me).chain(others).collect()
}
