//! Places for sessions with takeover.

use super::*;

#[test]
fn a_budget_gives_out_what_it_has_and_takes_back_what_is_dropped() {
    let budget = Budget::new(2);
    let other_hand = budget.clone();
    let first = budget.try_take().expect("a place");
    let _second = other_hand.try_take().expect("another");
    assert_eq!(budget.left(), 0);
    assert!(budget.try_take().is_none());
    drop(first);
    assert_eq!(other_hand.left(), 1);
    assert!(other_hand.try_take().is_some());
    assert_eq!(budget.left(), 1, "a ticket that nobody keeps is back at once");
}

#[test]
fn a_budget_of_nothing_gives_nothing() {
    assert!(Budget::new(0).try_take().is_none());
}
