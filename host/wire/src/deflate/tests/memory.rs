//! Who holds a machine, and for how long.

use super::super::pool::pooled;
use super::*;

/// On a thread of its own, whose pools are empty.
fn on_a_fresh_thread(test: impl FnOnce() + Send) {
    std::thread::scope(|scope| scope.spawn(test).join()).expect("the test's thread");
}

#[test]
fn without_takeover_a_machine_is_lent_for_a_message() {
    on_a_fresh_thread(|| {
        let agreed = agreed(false, false, 15, 15);
        let mut outbound = Outbound::new(Role::Server, &agreed, 6, 0);
        let mut inbound = Inbound::new(Role::Client, &agreed);
        assert_eq!(pooled(), (0, 0), "nothing is made before it is needed");
        for _ in 0..3 {
            let text = prose(2000, 2);
            let compressed = outbound.compress(&text).expect("compressed");
            let mut out = BytesMut::new();
            inbound.step(&compressed, &mut out, 10_000).expect("valid");
            assert_eq!(pooled(), (0, 1), "half way it is not in the pool");
            assert!(inbound.finish(&mut out, 10_000).expect("valid").done);
            assert_eq!(out, text);
            assert_eq!(pooled(), (1, 1));
        }
    });
}

#[test]
fn with_takeover_a_machine_is_kept_until_the_session_ends() {
    on_a_fresh_thread(|| {
        let agreed = agreed(true, true, 15, 15);
        let mut outbound = Outbound::new(Role::Server, &agreed, 6, 0);
        let mut inbound = Inbound::new(Role::Client, &agreed);
        let compressed = outbound.compress(&prose(2000, 2)).expect("compressed");
        inflate(&mut inbound, &compressed, 100, 10_000).expect("valid");
        assert_eq!(pooled(), (0, 0));
        drop((outbound, inbound));
        assert_eq!(pooled(), (1, 1));
    });
}

#[test]
fn a_machine_that_comes_back_half_used_knows_nothing_of_its_last_session() {
    on_a_fresh_thread(|| {
        let [keeps, forgets] = [agreed(true, true, 15, 15), agreed(false, false, 15, 15)];
        let hello = b"\xf2\x48\xcd\xc9\xc9\x07\x00".as_slice();
        let reference = b"\xf2\x00\x11\x00\x00".as_slice();
        for agreed in [keeps, forgets] {
            let mut half_used = Inbound::new(Role::Server, &agreed);
            half_used.step(&hello[..6], &mut BytesMut::new(), 4).expect("valid so far");
            drop(half_used);
            let (decompressors, _) = pooled();
            assert_eq!(decompressors, 1);
            let mut next = Inbound::new(Role::Server, &agreed);
            assert_eq!(inflate(&mut next, reference, 100, 100), Err(Corrupt::Invalid));
            let mut next = Inbound::new(Role::Server, &agreed);
            assert_eq!(inflate(&mut next, hello, 100, 100).as_deref(), Ok(b"Hello".as_slice()));
        }

        let text = prose(2000, 3);
        let mut first = Outbound::new(Role::Server, &keeps, 6, 0);
        let alone = first.compress(&text);
        drop(first);
        assert_eq!(Outbound::new(Role::Server, &forgets, 6, 0).compress(&text), alone);
        assert_eq!(Outbound::new(Role::Server, &keeps, 6, 0).compress(&text), alone);
    });
}

#[test]
fn a_machine_that_failed_does_not_come_back() {
    on_a_fresh_thread(|| {
        let mut inbound = Inbound::new(Role::Server, &agreed(false, false, 15, 15));
        inflate(&mut inbound, b"\x06", 1, 100).expect_err("a reserved block type");
        drop(inbound);
        assert_eq!(pooled(), (0, 0));
    });
}

#[test]
fn the_pools_are_bounded() {
    on_a_fresh_thread(|| {
        let agreed = agreed(false, false, 15, 15);
        let lent: Vec<_> = (0..DECOMPRESSORS_POOLED_MAX + 5)
            .map(|_| {
                let mut inbound = Inbound::new(Role::Server, &agreed);
                inbound.step(b"\xf2\x48", &mut BytesMut::new(), 10).expect("valid so far");
                inbound
            })
            .collect();
        assert_eq!(pooled().0, 0);
        drop(lent);
        assert_eq!(pooled().0, DECOMPRESSORS_POOLED_MAX);

        for bits in 9..=15 {
            for level in [1, 6, 9] {
                let agreed = super::agreed(false, false, bits, 15);
                let mut outbound = Outbound::new(Role::Server, &agreed, level, 0);
                outbound.compress(&[0; 100]).expect("compressed");
                outbound.compress(&[0; 100]).expect("compressed");
            }
        }
        assert_eq!(pooled().1, COMPRESSORS_POOLED_MAX);
    });
}

#[test]
fn two_sessions_of_a_kind_leave_one_compressor() {
    on_a_fresh_thread(|| {
        let agreed = agreed(true, true, 12, 15);
        let sessions: Vec<_> = (0..3)
            .map(|_| {
                let mut outbound = Outbound::new(Role::Server, &agreed, 6, 0);
                outbound.compress(&[0; 100]).expect("compressed");
                outbound
            })
            .collect();
        drop(sessions);
        assert_eq!(pooled().1, 1);
    });
}
