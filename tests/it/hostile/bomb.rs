//! Messages that are small on the wire and large behind it (RFC 7692).

use flate2::{Compress, Compression, FlushCompress};
use sockhop_tests::TestHost;

use super::attacks::{GROWTH_BYTES_MAX, HEAVY_CLIENTS, all, session};

/// What one of them holds in mebibytes: a quarter of a MiB on the wire, and four thousand times as
/// much as its endpoint takes.
const MEBIBYTES: usize = 256;

/// A binary message of so many zeros, without the four bytes that end it in a stream (RFC 7692
/// §7.2.1).
fn payload() -> Vec<u8> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut payload = Vec::with_capacity(1 << 20);
    let zeros = vec![0; 1 << 20];
    for number in 1..=MEBIBYTES {
        let flush = if number == MEBIBYTES { FlushCompress::Sync } else { FlushCompress::None };
        let before = compress.total_in();
        compress.compress_vec(&zeros, &mut payload, flush).expect("zeros can be compressed");
        assert_eq!(compress.total_in() - before, 1 << 20, "there was room for all of it");
    }
    assert!(payload.ends_with(&[0, 0, 0xff, 0xff]));
    payload.truncate(payload.len() - 4);
    payload
}

/// Sends them all at once. Each is refused when it turns out to be too large, and not when all of
/// it has been unpacked.
pub(super) async fn bomb(host: &TestHost) {
    let payload = payload();
    let before = host.resident_bytes();
    all(HEAVY_CLIENTS, async |_| {
        let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
        let mut raw = session(host, "/observer", offer).await;
        // Only where that was agreed upon this is a message at all, and no breach of the protocol.
        raw.send(0xc2, &payload).await;
        assert_eq!(raw.closed().await.code, 1009);
        let grown = host.resident_bytes().saturating_sub(before);
        assert!(grown < GROWTH_BYTES_MAX, "the host has grown by {grown} bytes");
    })
    .await;
}
