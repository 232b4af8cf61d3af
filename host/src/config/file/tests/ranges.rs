//! The bounds of counts, sizes and times.

use super::{accept, refuse};

#[test]
fn both_ends_of_a_range_are_taken() {
    for (key, min, max) in [
        ("workers", "0", "1024"),
        ("limits.connections", "1", "1000000"),
        ("limits.header_timeout", "'100ms'", "'5m'"),
        ("limits.answer_timeout", "'100ms'", "'5m'"),
        ("limits.header_bytes", "'8 KiB'", "'1 MiB'"),
        ("limits.message", "'1 KiB'", "'1 GiB'"),
        ("limits.outbound_queue", "'1 KiB'", "'1 GiB'"),
        ("limits.properties", "0", "'16 MiB'"),
        ("limits.close_timeout", "'10ms'", "'10m'"),
        ("limits.drain_timeout", "'0s'", "'24h'"),
        ("limits.shutdown_timeout", "'0s'", "'1h'"),
        ("limits.connections_per_address", "0", "1000000"),
        ("limits.handshakes_per_second", "0", "1000000"),
        ("limits.handshakes_per_second_per_address", "0", "1000000"),
        ("limits.handshake_burst", "'1s'", "'60s'"),
        ("limits.header_fields", "16", "1000"),
        ("limits.sessions", "0", "1000000"),
        ("limits.ping_interval", "'10ms'", "'24h'"),
        ("limits.pong_timeout", "'10ms'", "'10m'"),
        ("limits.idle_timeout", "'10ms'", "'168h'"),
        ("limits.read_idle_timeout", "'10ms'", "'168h'"),
        ("limits.write_idle_timeout", "'10ms'", "'168h'"),
        ("compression.level", "1", "9"),
        ("compression.threshold", "0", "'1 GiB'"),
        ("compression.server_window_bits", "9", "15"),
        ("compression.client_window_bits", "9", "15"),
        ("compression.takeover_contexts", "0", "1000000"),
        ("sandbox.instances", "0", "1000000"),
        ("sandbox.memory", "'1 MiB'", "'4 GiB'"),
        ("sandbox.event_cpu", "'1ms'", "'1h'"),
        ("sandbox.event_wait", "'1ms'", "'1h'"),
        ("sandbox.compile_jobs", "1", "256"),
    ] {
        accept(&format!("{key} = {min}"));
        accept(&format!("{key} = {max}"));
    }
}

#[test]
fn one_past_a_range_is_refused() {
    for (key, value, rest) in [
        ("workers", "-1", "0 to 1024, is -1"),
        ("workers", "1025", "0 to 1024, is 1025"),
        ("workers", "0x1_0000_0000", "0 to 1024, is 0x100000000"),
        ("limits.connections", "0", "1 to 1000000, is 0"),
        ("limits.connections", "1000001", "1 to 1000000, is 1000001"),
        ("limits.header_timeout", "'99ms'", "100ms to 5m, is 99ms"),
        ("limits.header_timeout", "'301s'", "100ms to 5m, is 301s"),
        ("limits.answer_timeout", "'99ms'", "100ms to 5m, is 99ms"),
        ("limits.header_bytes", "8191", "8 KiB to 1 MiB, is 8191 B"),
        ("limits.header_bytes", "'1025 KiB'", "8 KiB to 1 MiB, is 1025 KiB"),
        ("limits.message", "1023", "1 KiB to 1 GiB, is 1023 B"),
        ("limits.message", "'1025 MiB'", "1 KiB to 1 GiB, is 1025 MiB"),
        ("limits.outbound_queue", "0", "1 KiB to 1 GiB, is 0 B"),
        ("limits.outbound_queue", "'2 GiB'", "1 KiB to 1 GiB, is 2 GiB"),
        ("limits.properties", "-1", "0 B to 16 MiB, is -1 B"),
        ("limits.properties", "'17 MiB'", "0 B to 16 MiB, is 17 MiB"),
        ("limits.close_timeout", "'9ms'", "10ms to 10m, is 9ms"),
        ("limits.close_timeout", "'1h'", "10ms to 10m, is 1h"),
        ("limits.drain_timeout", "'25h'", "0s to 24h, is 25h"),
        ("limits.shutdown_timeout", "'61m'", "0s to 1h, is 61m"),
        ("limits.connections_per_address", "1000001", "0 to 1000000, is 1000001"),
        ("limits.handshakes_per_second", "-1", "0 to 1000000, is -1"),
        ("limits.handshakes_per_second_per_address", "1000001", "0 to 1000000, is 1000001"),
        ("limits.handshake_burst", "'999ms'", "1s to 1m, is 999ms"),
        ("limits.handshake_burst", "'61s'", "1s to 1m, is 61s"),
        ("limits.header_fields", "15", "16 to 1000, is 15"),
        ("limits.header_fields", "1001", "16 to 1000, is 1001"),
        ("limits.sessions", "1000001", "0 to 1000000, is 1000001"),
        ("limits.ping_interval", "'9ms'", "10ms to 24h, is 9ms"),
        ("limits.ping_interval", "'25h'", "10ms to 24h, is 25h"),
        ("limits.pong_timeout", "'0s'", "10ms to 10m, is 0s"),
        ("limits.pong_timeout", "'11m'", "10ms to 10m, is 11m"),
        ("limits.idle_timeout", "'1ms'", "10ms to 168h, is 1ms"),
        ("limits.read_idle_timeout", "'169h'", "10ms to 168h, is 169h"),
        ("limits.write_idle_timeout", "'169h'", "10ms to 168h, is 169h"),
        ("compression.level", "0", "1 to 9, is 0"),
        ("compression.level", "10", "1 to 9, is 10"),
        ("compression.threshold", "'2 GiB'", "0 B to 1 GiB, is 2 GiB"),
        ("compression.server_window_bits", "8", "9 to 15, is 8"),
        ("compression.client_window_bits", "16", "9 to 15, is 16"),
        ("compression.takeover_contexts", "1000001", "0 to 1000000, is 1000001"),
        ("sandbox.instances", "1000001", "0 to 1000000, is 1000001"),
        ("sandbox.memory", "'1023 KiB'", "1 MiB to 4 GiB, is 1023 KiB"),
        ("sandbox.memory", "'5 GiB'", "1 MiB to 4 GiB, is 5 GiB"),
        ("sandbox.event_cpu", "'0s'", "1ms to 1h, is 0s"),
        ("sandbox.event_cpu", "'2h'", "1ms to 1h, is 2h"),
        ("sandbox.event_wait", "'0ms'", "1ms to 1h, is 0s"),
        ("sandbox.event_wait", "'2h'", "1ms to 1h, is 2h"),
        ("sandbox.compile_jobs", "0", "1 to 256, is 0"),
        ("sandbox.compile_jobs", "257", "1 to 256, is 257"),
    ] {
        refuse(&format!("{key} = {value}"), &format!("sockhop.toml:1: {key}: must be from {rest}"));
    }
}
