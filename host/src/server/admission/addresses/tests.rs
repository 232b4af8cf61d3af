//! The table by itself, in any order of events.

use std::collections::HashMap;
use std::net::Ipv6Addr;

use proptest::prelude::*;

use super::*;

fn address(number: u8) -> AddressKey {
    AddressKey::from(IpAddr::from([192, 0, 2, number]))
}

fn rate(per_second: u32) -> Rate {
    Rate::new(NonZeroU32::new(per_second).unwrap(), Duration::from_secs(1))
}

fn table(connections_max: u32, per_second: u32) -> Arc<Addresses> {
    Arc::new(Addresses::new(NonZeroU32::new(connections_max), Some(rate(per_second)), 1000))
}

fn entries(table: &Addresses) -> usize {
    let lock = |shard: &Mutex<Shard>| shard.lock().unwrap().entries.len();
    table.shards.iter().map(lock).sum()
}

fn sweep(table: &Addresses, now: Instant) {
    for shard in &table.shards {
        shard.lock().unwrap().entries.retain(|_, entry| !table.is_over(entry, now));
    }
}

#[test]
fn an_address_of_ipv6_counts_by_its_site() {
    let key = |text: &str| AddressKey::from(text.parse::<IpAddr>().unwrap());
    assert_eq!(key("2001:db8:0:1::1"), key("2001:db8:0:1:ffff::2"));
    assert_ne!(key("2001:db8:0:1::1"), key("2001:db8:0:2::1"));
    assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    assert_eq!(key("192.0.2.1"), key("::ffff:192.0.2.1"));
    assert_ne!(key("0.0.0.0"), AddressKey::from(IpAddr::V6(Ipv6Addr::UNSPECIFIED)));
}

#[test]
fn an_entry_goes_when_nothing_is_open_and_its_bucket_is_full() {
    let (table, start) = (table(5, 1), Instant::now());
    let first = table.connection(address(1), start).unwrap().unwrap();
    let second = table.connection(address(1), start).unwrap().unwrap();
    drop(first);
    assert_eq!(entries(&table), 1);
    drop(second);
    assert_eq!(entries(&table), 0, "it sent no handshake");
    assert_eq!(table.handshake(address(1), start), Ok(()));
    table.release(address(1), start + Duration::from_millis(999));
    assert_eq!(entries(&table), 1, "it may not send one yet");
    table.release(address(1), start + Duration::from_secs(1));
    assert_eq!(entries(&table), 0);
}

#[test]
fn without_limits_nothing_is_remembered() {
    let (table, now) = (Arc::new(Addresses::new(None, None, 1000)), Instant::now());
    assert!(table.connection(address(1), now).unwrap().is_none());
    assert_eq!(table.handshake(address(1), now), Ok(()));
    assert_eq!(entries(&table), 0);
}

#[test]
fn those_who_send_a_handshake_and_go_do_not_stay() {
    let (table, start) = (table(5, 1000), Instant::now());
    for number in 0..200_000_u32 {
        let now = start + Duration::from_micros(u64::from(number) * 100);
        let address = IpAddr::from(number.to_be_bytes());
        assert_eq!(table.handshake(AddressKey::from(address), now), Ok(()));
    }
    // Ten at a time have not had their handshake given back yet.
    assert!(entries(&table) <= SHARDS * SWEEP_MIN, "{}", entries(&table));
}

#[test]
fn a_full_table_lets_others_in_uncounted_and_counts_those_that_it_has() {
    let mut table = Addresses::new(NonZeroU32::new(1), Some(rate(1)), 1);
    table.shard_max = SWEEP_MIN;
    let (table, start) = (Arc::new(table), Instant::now());
    let mut tickets = Vec::new();
    for number in 0..=u16::MAX {
        let [high, low] = number.to_be_bytes();
        let key = AddressKey::from(IpAddr::from([10, 0, high, low]));
        tickets.push((key, table.connection(key, start).unwrap()));
    }
    assert_eq!(entries(&table), SHARDS * SWEEP_MIN);
    assert_eq!(tickets.iter().filter(|(_, ticket)| ticket.is_some()).count(), SHARDS * SWEEP_MIN);
    for (key, ticket) in &tickets {
        let again = table.connection(*key, start).map(|ticket| ticket.is_some());
        let counted = Err(OverLimit::ConnectionsOfAddress);
        assert_eq!(again, if ticket.is_some() { counted } else { Ok(false) });
    }
    // Where some have gone, others are counted again.
    tickets.clear();
    assert_eq!(entries(&table), 0);
    assert!(table.connection(address(1), start).unwrap().is_some());
}

/// What happens to a table, with the number of an address where it concerns one.
#[derive(Clone, Debug)]
enum Event {
    Connect(u8),
    Handshake(u8),
    /// One of the open connections ends.
    End(usize),
    Pass(Duration),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0u8..4).prop_map(Event::Connect),
        4 => (0u8..4).prop_map(Event::Handshake),
        3 => any::<usize>().prop_map(Event::End),
        2 => (0u64..1500).prop_map(|millis| Event::Pass(Duration::from_millis(millis))),
    ]
}

proptest! {
    /// Against counters that forget nothing.
    #[test]
    fn places_and_tokens_are_what_was_taken_less_what_was_given_back(
        events in proptest::collection::vec(event(), 1..200),
        connections_max in 1u32..5,
        per_second in 1u32..6,
    ) {
        let (table, rate) = (table(connections_max, per_second), rate(per_second));
        // Ahead of the clock that tickets look at when they are dropped: no time passes there.
        let mut now = Instant::now() + Duration::from_secs(24 * 60 * 60);
        let mut open: Vec<(u8, AddressTicket)> = Vec::new();
        let mut buckets: HashMap<u8, Bucket> = HashMap::new();
        for event in events {
            match event {
                Event::Connect(number) => {
                    let count = open.iter().filter(|(of, _)| *of == number).count();
                    match table.connection(address(number), now) {
                        Ok(ticket) => {
                            prop_assert!(count < connections_max as usize);
                            open.push((number, ticket.expect("there is room in the table")));
                        }
                        Err(over) => {
                            prop_assert_eq!(over, OverLimit::ConnectionsOfAddress);
                            prop_assert_eq!(count, connections_max as usize);
                        }
                    }
                }
                Event::Handshake(number) => {
                    let bucket = buckets.entry(number).or_insert_with(|| Bucket::full(&rate, now));
                    let wanted = bucket.take(&rate, now);
                    let wanted = wanted.map_err(|wait| OverLimit::HandshakesOfAddress { wait });
                    prop_assert_eq!(table.handshake(address(number), now), wanted);
                }
                Event::End(index) if !open.is_empty() => drop(open.swap_remove(index % open.len())),
                Event::End(_) => {}
                Event::Pass(time) => now += time,
            }
            let mut counted: u32 = 0;
            for shard in &table.shards {
                let shard = shard.lock().unwrap();
                counted += shard.entries.values().map(|entry| entry.open).sum::<u32>();
            }
            prop_assert_eq!(counted as usize, open.len());
        }
        open.clear();
        sweep(&table, now + Duration::from_secs(1));
        prop_assert_eq!(entries(&table), 0);
    }
}
