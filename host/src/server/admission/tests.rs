//! Who is let in, and which limit keeps the others out.

use std::time::Duration;

use super::*;
use crate::registry::Registry;

const SECOND: Duration = Duration::from_secs(1);

fn limits(connections: u32, per_address: u32) -> Limits {
    Limits {
        connections,
        connections_per_address: NonZeroU32::new(per_address),
        handshakes_per_second: None,
        handshakes_per_second_per_address: None,
        handshake_burst: SECOND,
        ..Limits::default()
    }
}

fn peer(number: u8) -> Option<IpAddr> {
    Some(IpAddr::from([192, 0, 2, number]))
}

/// A host, one endpoint of it, and a time.
struct Host {
    admission: Admission,
    sessions: Arc<EndpointSessions>,
    sessions_max: Option<NonZeroU32>,
    now: Instant,
}

impl Host {
    fn new(limits: &Limits, sessions_max: u32) -> Self {
        let now = Instant::now();
        Self {
            admission: Admission::new(limits, now),
            sessions: Registry::new(1).endpoint("d", "/e"),
            sessions_max: NonZeroU32::new(sessions_max),
            now,
        }
    }

    fn connect(&self, peer: Option<IpAddr>) -> Result<ConnectionTicket, OverLimit> {
        self.admission.connection(peer, self.now)
    }

    fn ask(
        &self,
        connection: &ConnectionTicket,
        peer: Option<IpAddr>,
        shares_connection: bool,
    ) -> Result<HandshakeTicket, OverLimit> {
        let (sessions, sessions_max) = (&self.sessions, self.sessions_max);
        let asking = Asking { connection, shares_connection, peer, sessions, sessions_max };
        self.admission.handshake(&asking, self.now)
    }
}

#[test]
fn an_address_at_its_limit_keeps_no_other_out() {
    let host = Host::new(&limits(3, 1), 0);
    let first = host.connect(peer(1)).unwrap();
    assert_eq!(host.connect(peer(1)).unwrap_err(), OverLimit::ConnectionsOfAddress);
    let _second = host.connect(peer(2)).unwrap();
    let _third = host.connect(peer(3)).unwrap();
    assert_eq!(host.connect(peer(4)).unwrap_err(), OverLimit::Connections);
    drop(first);
    assert!(host.connect(peer(1)).is_ok());
}

#[test]
fn who_is_exempt_or_has_no_address_counts_for_the_host_alone() {
    let host = Host::new(&limits(4, 1), 0);
    let exempt = Some(IpAddr::from([127, 0, 0, 1]));
    let open: Vec<_> = [exempt, exempt, None, None].map(|peer| host.connect(peer).unwrap()).into();
    assert_eq!(host.connect(None).unwrap_err(), OverLimit::Connections);
    drop(open);
    assert!(host.connect(None).is_ok());
}

#[test]
fn one_for_whom_a_proxy_speaks_counts_by_its_own_address() {
    let host = Host::new(&limits(9, 1), 0);
    let proxy = [(); 2].map(|()| host.connect(None).unwrap());
    let _first = host.ask(&proxy[0], peer(1), false).unwrap();
    let refused = host.ask(&proxy[1], peer(1), false).unwrap_err();
    assert_eq!(refused, OverLimit::ConnectionsOfAddress);
    let _other = host.ask(&proxy[1], peer(2), false).unwrap();
    // A peer that comes by itself was counted when it came.
    let direct = host.connect(peer(3)).unwrap();
    assert!(host.ask(&direct, peer(3), false).is_ok());
}

#[test]
fn sessions_that_share_a_connection_count_one_by_one() {
    let host = Host::new(&limits(3, 3), 0);
    let connection = host.connect(peer(1)).unwrap();
    let first = host.ask(&connection, peer(1), true).unwrap();
    let _second = host.ask(&connection, peer(1), true).unwrap();
    assert_eq!(host.ask(&connection, peer(1), true).unwrap_err(), OverLimit::Connections);
    drop(first);
    assert!(host.ask(&connection, peer(1), true).is_ok());
    let narrow = Host::new(&limits(9, 2), 0);
    let connection = narrow.connect(peer(1)).unwrap();
    let _only = narrow.ask(&connection, peer(1), true).unwrap();
    let refused = narrow.ask(&connection, peer(1), true).unwrap_err();
    assert_eq!(refused, OverLimit::ConnectionsOfAddress);
}

#[test]
fn an_endpoint_has_as_many_sessions_as_it_may_and_others_are_not_concerned() {
    let host = Host::new(&limits(9, 0), 2);
    let connection = host.connect(None).unwrap();
    let open = [(); 2].map(|()| host.ask(&connection, None, false).unwrap());
    assert_eq!(host.ask(&connection, None, false).unwrap_err(), OverLimit::Sessions);
    drop(open);
    assert!(host.ask(&connection, None, false).is_ok());
}

#[test]
fn handshakes_come_at_their_rate_and_are_told_when() {
    let per_second = NonZeroU32::new(2);
    let limits = Limits { handshakes_per_second_per_address: per_second, ..limits(9, 0) };
    let mut host = Host::new(&limits, 0);
    let connection = host.connect(peer(1)).unwrap();
    let ask = |host: &Host, number| host.ask(&connection, peer(number), false).map(drop);
    assert_eq!([ask(&host, 1), ask(&host, 1)], [Ok(()), Ok(())]);
    let wait = SECOND / 2;
    assert_eq!(ask(&host, 1), Err(OverLimit::HandshakesOfAddress { wait }));
    assert_eq!(ask(&host, 2), Ok(()));
    host.now += wait;
    assert_eq!(ask(&host, 1), Ok(()));
    assert!(ask(&host, 1).is_err());
}

#[test]
fn an_address_over_its_rate_takes_nothing_from_the_others() {
    let limits = Limits {
        handshakes_per_second: NonZeroU32::new(3),
        handshakes_per_second_per_address: NonZeroU32::new(1),
        ..limits(9, 0)
    };
    let host = Host::new(&limits, 0);
    let connection = host.connect(None).unwrap();
    let ask = |number| host.ask(&connection, peer(number), false).map(drop);
    assert_eq!(ask(1), Ok(()));
    for _ in 0..10 {
        assert_eq!(ask(1), Err(OverLimit::HandshakesOfAddress { wait: SECOND }));
    }
    assert_eq!([ask(2), ask(3)], [Ok(()), Ok(())]);
    // And where the host is at its limit, an address keeps its own handshake for later.
    let refused = OverLimit::Handshakes { wait: Duration::from_nanos(333_333_334) };
    assert_eq!(ask(4), Err(refused));
    assert!(
        host.admission.addresses.handshake(AddressKey::from(peer(4).unwrap()), host.now).is_ok()
    );
}

#[test]
fn what_is_refused_leaves_no_place_taken() {
    let host = Host::new(&limits(2, 1), 1);
    let one = host.connect(peer(1)).unwrap();
    for _ in 0..5 {
        assert!(host.connect(peer(1)).is_err());
    }
    let two = host.connect(peer(2)).unwrap();
    let _session = host.ask(&two, peer(2), false).unwrap();
    for _ in 0..5 {
        assert_eq!(host.ask(&one, peer(3), false).unwrap_err(), OverLimit::Sessions);
    }
    drop(two);
    assert!(host.connect(peer(3)).is_ok(), "the host and the address have a place");
}

#[test]
fn one_line_a_second_tells_of_each_limit() {
    let host = Host::new(&limits(1, 1), 1);
    let (one, other) = (OverLimit::Connections, OverLimit::Sessions);
    assert_eq!(host.admission.tell(&one, host.now), Some(1));
    assert_eq!(host.admission.tell(&one, host.now), None);
    assert_eq!(host.admission.tell(&other, host.now), Some(1));
    assert_eq!(host.admission.tell(&one, host.now + SECOND), Some(2));
}
