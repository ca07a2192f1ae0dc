//! One suite that every connector passes: what a customer writes arrives once, what a person sends leaves once,
//! whatever fails in between, and a connector does what it declares and nothing else.
//!
//! A channel joins as a [`subject::Subject`]: a provider (a fake, or a real server), an account of it, and what its
//! customers and its faults can do. What a provider cannot have is said with `false` and printed, never passed over in
//! silence. `docs/connectors/writing-one.md` walks through it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs
)] // helpers fail as tests do

mod desk;
#[path = "../email_support/mod.rs"]
mod email_support;
mod failing;
mod later;
mod reading;
mod sending;
mod subject;
mod subjects;
mod sudden;

/// Every sentence for one channel.
macro_rules! suite {
    ($channel:ident) => {
        mod $channel {
            suite! { @ $channel;
                reading::what_was_read_is_not_read_again_after_a_restart,
                reading::pages_that_come_twice_or_out_of_order_bring_each_message_once,
                reading::a_lost_or_broken_cursor_doubles_nothing,
                reading::polling_again_changes_nothing_at_all,
                reading::clocks_that_jump_lose_and_double_nothing,
                reading::a_file_arrives_as_it_was_sent,
                failing::asked_to_wait_it_waits_as_told,
                failing::a_provider_that_fails_loses_nothing,
                failing::a_token_that_ends_between_pages_is_said_and_nothing_is_lost,
                failing::two_at_once_stay_within_one_allowance,
                later::a_changed_message_says_what_it_says_now,
                later::a_message_taken_back_is_gone,
                later::a_reaction_comes_and_goes,
                later::what_is_not_known_is_a_card_and_kept,
                later::poison_is_set_aside_and_the_rest_comes,
                sending::what_is_declared_can_be_sent,
                sending::what_is_not_declared_is_refused_before_any_call,
                sending::a_token_that_ends_before_a_send_fails_it_with_words,
                sending::asked_to_wait_a_send_is_tried_later_and_goes_once,
                sending::a_send_whose_answer_was_lost_never_goes_twice,
                sending::who_refuses_messages_is_written_to_no_more,
                sudden::a_kill_at_any_write_loses_and_doubles_nothing,
            }
        }
    };
    (@ $channel:ident; $($room:ident::$sentence:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $sentence() {
                if let Some(subject) = crate::subjects::$channel::start().await {
                    crate::$room::$sentence(subject).await;
                }
            }
        )*
    };
}

suite!(telegram);
suite!(email);
suite!(sms);
suite!(whatsapp);
suite!(smsgate);
suite!(matrix);
