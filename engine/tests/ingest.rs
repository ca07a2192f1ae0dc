//! What an account tells becomes rows, once.

mod scene;

use scene::{Mail, Scene};

#[test]
fn a_customers_first_mail_opens_a_conversation() {
    let s = Scene::new();
    s.arrives(&Mail::from("Anna <anna@shop.test>").subject("The lamp"));
    assert!(s.is_open(s.customer("anna@shop.test")));
    s.is_sound();
}
