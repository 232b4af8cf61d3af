//! Documents that are taken, and documents that are refused with every reason in full.

use super::*;
use crate::config::{ByteSize, Instancing, Strategy};

const CORES: NonZeroUsize = NonZeroUsize::new(6).unwrap();

fn parse(text: &str) -> (FileConfig, String) {
    let mut errors = Vec::new();
    let file = Path::new("/etc/sockhop/sockhop.toml");
    let config = FileConfig::parse(file, text, CORES, &mut errors);
    let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
    (config, lines.join("\n").replace("/etc/sockhop/", ""))
}

fn accept(text: &str) -> FileConfig {
    let (config, errors) = parse(text);
    assert_eq!(errors, "", "{text}");
    config
}

#[track_caller]
fn refuse(text: &str, wanted: &str) {
    assert_eq!(parse(text).1, wanted, "{text}");
}

#[test]
fn an_empty_file_says_nothing() {
    let config = accept("\u{feff}# nothing\r\n");
    assert!(config.listen.is_none() && config.admin.is_none() && config.origins.is_none());
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.sandbox, Sandbox::default());
    assert!(config.deployments.is_empty());
}

#[test]
fn top_level_keys_are_taken() {
    let config = accept(
        "listen = '0.0.0.0:80'\nadmin = '127.0.0.1:1'\ndeploy_dir = 'd'\nassets = '/srv/web'\n\
         cache_dir = '../c'\norigins = 'https://a.example'\nworkers = 0x3\n",
    );
    assert_eq!(config.listen.unwrap(), ["0.0.0.0:80".parse().unwrap()]);
    assert_eq!(config.admin.unwrap().to_string(), "127.0.0.1:1");
    assert_eq!(config.deploy_dir.unwrap(), Path::new("/etc/sockhop/d"));
    assert_eq!(config.assets.unwrap(), Path::new("/srv/web"));
    assert_eq!(config.cache_dir.unwrap(), Path::new("/etc/sockhop/../c"));
    assert!(config.origins.unwrap().permits(Some("https://a.example"), "b", true));
    assert_eq!(config.workers, Some(3));
    let many = accept("listen = ['a:1', 'b:2']\norigins = ['https://a.example', '*']");
    assert_eq!(many.listen.unwrap().len(), 2);
    assert!(many.origins.unwrap().any);
}

#[test]
fn sizes_and_times_are_taken_in_every_form() {
    let config = accept(
        "limits.message = 2048\nlimits.outbound_queue = '2KiB'\nlimits.close_timeout = '20 ms'\n\
         [sandbox]\nmemory = 1_048_576\ninstances = 7\nevent_cpu = '2m'",
    );
    assert_eq!(config.limits.message, ByteSize::from_kib(2));
    assert_eq!(config.limits.outbound_queue, ByteSize::from_kib(2));
    assert_eq!(config.limits.close_timeout.as_millis(), 20);
    assert_eq!(config.sandbox.memory, ByteSize::from_mib(1));
    assert_eq!(config.sandbox.instances.unwrap().get(), 7);
    assert_eq!(config.sandbox.event_cpu.as_secs(), 120);
}

#[test]
fn both_ends_of_a_range_are_taken() {
    for (key, min, max) in [
        ("workers", "0", "1024"),
        ("socket_mode", "0o0", "0o777"),
        ("limits.connections", "1", "1000000"),
        ("limits.header_timeout", "'100ms'", "'5m'"),
        ("limits.header_bytes", "'8 KiB'", "'1 MiB'"),
        ("limits.message", "'1 KiB'", "'1 GiB'"),
        ("limits.outbound_queue", "'1 KiB'", "'1 GiB'"),
        ("limits.properties", "0", "'16 MiB'"),
        ("limits.close_timeout", "'10ms'", "'10m'"),
        ("limits.drain_timeout", "'0s'", "'24h'"),
        ("limits.shutdown_timeout", "'0s'", "'1h'"),
        ("http2.streams", "0", "10000"),
        ("http2.stream_window", "'16 KiB'", "'16 MiB'"),
        ("http2.keep_alive", "'1s'", "'1h'"),
        ("http2.idle_timeout", "'100ms'", "'1h'"),
        ("tls.handshake_timeout", "'100ms'", "'5m'"),
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
        ("socket_mode", "0o1000", "0o0 to 0o777, is 0o1000"),
        ("workers", "1025", "0 to 1024, is 1025"),
        ("workers", "0x1_0000_0000", "0 to 1024, is 0x100000000"),
        ("limits.connections", "0", "1 to 1000000, is 0"),
        ("limits.connections", "1000001", "1 to 1000000, is 1000001"),
        ("limits.header_timeout", "'99ms'", "100ms to 5m, is 99ms"),
        ("limits.header_timeout", "'301s'", "100ms to 5m, is 301s"),
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
        ("http2.streams", "10001", "0 to 10000, is 10001"),
        ("http2.stream_window", "16383", "16 KiB to 16 MiB, is 16383 B"),
        ("http2.keep_alive", "'0s'", "1s to 1h, is 0s"),
        ("http2.idle_timeout", "'99ms'", "100ms to 1h, is 99ms"),
        ("tls.handshake_timeout", "'301s'", "100ms to 5m, is 301s"),
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

#[test]
fn a_value_of_another_kind_is_refused() {
    for (text, rest) in [
        ("listen = 8080", "listen: expected a string or an array of strings, found an integer"),
        ("listen = [8080]", "listen[0]: expected a string, found an integer"),
        ("listen = []", "listen: must not be empty"),
        (
            "socket_mode = 600",
            "socket_mode: expected an octal integer such as 0o600, found one of another base",
        ),
        ("admin = ['127.0.0.1:1']", "admin: expected a string, found an array"),
        ("assets = true", "assets: expected a string, found a boolean"),
        ("assets = ''", "assets: must not be empty"),
        ("assets = \"a\\u0000\"", "assets: must not contain a NUL"),
        ("workers = '4'", "workers: expected an integer, found a string"),
        ("workers = 4.0", "workers: expected an integer, found a float"),
        ("limits = 1", "limits: expected a table, found an integer"),
        ("[[limits]]", "limits: expected a table, found an array"),
        (
            "limits.message = 1.5",
            "limits.message: expected a size such as \"64 MiB\", found a float",
        ),
        (
            "limits.close_timeout = 10",
            "limits.close_timeout: expected a time such as \"10s\", found an integer",
        ),
        (
            "limits.close_timeout = 10:00:00",
            "limits.close_timeout: expected a time such as \"10s\", found a date or time of day",
        ),
        (
            "proxy.protocol_from = [1]",
            "proxy.protocol_from[0]: expected a string, found an integer",
        ),
        ("tls.client_auth = 1", "tls.client_auth: expected a string, found an integer"),
        ("deployment = 'chat'", "deployment: expected a table, found a string"),
        ("deployment.chat = 'c'", "deployment.chat: expected a table, found a string"),
        ("deployment.a.env = 'c'", "deployment.a.env: expected a table, found a string"),
        ("deployment.a.env.B = 1", "deployment.a.env.B: expected a string, found an integer"),
        (
            "deployment.a.instancing = 1",
            "deployment.a.instancing: expected a string, found an integer",
        ),
    ] {
        refuse(text, &format!("sockhop.toml:1: {rest}"));
    }
}

#[test]
fn a_value_that_means_nothing_is_refused() {
    for (text, rest) in [
        ("listen = '8080'", "listen: \"8080\" has no port; write HOST:PORT"),
        (
            "admin = '0.0.0.0:1'",
            "admin: 0.0.0.0:1 is not a loopback address; use 127.0.0.1, [::1] or unix:PATH",
        ),
        (
            "origins = ['https://a/b']",
            "origins[0]: the origin `https://a/b` goes on after host and port; leave the rest out, \
             `/` included",
        ),
        (
            "proxy.forwarded_from = ['10.0.0.1', '10.0.0.0/33']",
            "proxy.forwarded_from[1]: \"10.0.0.0/33\" is not a network; write an address, a network \
             such as 10.0.0.0/8, or unix for the peers of Unix sockets",
        ),
        (
            "proxy.forwarded_fields = 'both'",
            "proxy.forwarded_fields: \"both\" is not a kind of fields; use \"x-forwarded\" or \
             \"forwarded\"",
        ),
        (
            "tls.client_auth = 'maybe'",
            "tls.client_auth: \"maybe\" is not a way to ask for certificates; use \"none\", \
             \"optional\" or \"required\"",
        ),
        ("tls.certificate = 'a'", "tls.certificate: needs tls.key beside it"),
        ("tls.key = 'a'", "tls.key: needs tls.certificate beside it"),
        ("tls.client_auth = 'required'", "tls.client_auth: needs tls.client_ca beside it"),
        (
            "tls.client_ca = 'a'",
            "tls.client_ca: only goes with client_auth = \"optional\" or \"required\"",
        ),
        ("tls.client_ca = ''\ntls.client_auth = 'required'", "tls.client_ca: must not be empty"),
        (
            "limits.message = '16 MB'",
            "limits.message: \"MB\" is not a unit of size; use B, KiB, MiB or GiB",
        ),
        (
            "limits.close_timeout = '1d'",
            "limits.close_timeout: \"d\" is not a unit of time; use ms, s, m or h",
        ),
        (
            "deployment.a.strategy = 'hop'",
            "deployment.a.strategy: \"hop\" is not a strategy; use \"drain\" or \"restart\"",
        ),
        (
            "deployment.a.instancing = 'keyed'",
            "deployment.a.instancing: \"keyed\" is not a way of instancing; \
             use \"session\" or \"shared\"",
        ),
        (
            "deployment.Chat = {}",
            "deployment.Chat: \"Chat\" is not a deployment's name; use 1 to 64 of a-z, 0-9, _ \
             and -, beginning with a letter or a digit",
        ),
        (
            "deployment.a.env.'B=C' = ''",
            "deployment.a.env.\"B=C\": is not a name for an environment variable; \
             it is empty or contains = or a NUL",
        ),
        ("deployment.a.env.B = \"\\u0000\"", "deployment.a.env.B: must not contain a NUL"),
    ] {
        refuse(text, &format!("sockhop.toml:1: {rest}"));
    }
}

#[test]
fn unknown_keys_are_refused_wherever_they_are() {
    for (text, rest) in [
        ("listn = ''", "listn: unknown key; did you mean listen?"),
        ("colour = 1", "colour: unknown key"),
        ("[limit]\nmessage = 'x'", "limit: unknown key; did you mean limits?"),
        (
            "limits.close-timeout = 1",
            "limits.close-timeout: unknown key; did you mean close_timeout?",
        ),
        ("close_timeout = '1s'", "close_timeout: unknown key; did you mean limits.close_timeout?"),
        (
            "limits.event_cpu = '1s'",
            "limits.event_cpu: unknown key; did you mean sandbox.event_cpu?",
        ),
        ("sandbox.a.b = 1", "sandbox.a: unknown key"),
        ("deployment.a.shard = 1", "deployment.a.shard: unknown key; did you mean shards?"),
        ("deployment.a.'no such' = 1", "deployment.a.\"no such\": unknown key"),
        ("'' = 1", "\"\": unknown key"),
    ] {
        refuse(text, &format!("sockhop.toml:1: {rest}"));
    }
}

#[test]
fn all_errors_come_at_once_in_the_order_of_the_file() {
    refuse(
        "workers = 'many'\n\
         \n\
         [deployment.chat]\n\
         strategy = 'hop'\n\
         colour = 'red'\n\
         \n\
         [limits]\n\
         close_timeout = '1h'\n\
         \n\
         [sandbox]\n\
         memroy = 1\n\
         event_cpu = 5\n",
        "sockhop.toml:1: workers: expected an integer, found a string\n\
         sockhop.toml:4: deployment.chat.strategy: \"hop\" is not a strategy; \
         use \"drain\" or \"restart\"\n\
         sockhop.toml:5: deployment.chat.colour: unknown key\n\
         sockhop.toml:8: limits.close_timeout: must be from 10ms to 10m, is 1h\n\
         sockhop.toml:11: sandbox.memroy: unknown key; did you mean memory?\n\
         sockhop.toml:12: sandbox.event_cpu: expected a time such as \"10s\", found an integer",
    );
}

#[test]
fn an_entry_of_a_list_has_its_own_line() {
    refuse(
        "listen = [\n  'a:1',\n  'b',\n  2,\n]\n",
        "sockhop.toml:3: listen[1]: \"b\" has no port; write HOST:PORT\n\
         sockhop.toml:4: listen[2]: expected a string, found an integer",
    );
}

#[test]
fn what_is_not_toml_is_refused_with_line_and_column() {
    for (text, wanted) in [
        ("a = 1\nlisten = \"x\n", "sockhop.toml:2:12: invalid basic string, expected `\"`"),
        ("é = 1", "sockhop.toml:1:1: invalid unquoted key, expected letters, numbers, `-`, `_`"),
        ("workers = 1\nworkers = 2\n", "sockhop.toml:2:1: duplicate key"),
        ("[limits", "sockhop.toml:1:8: unclosed table, expected `]`"),
        (
            "workers = \nlisten = @\n",
            "sockhop.toml:1:11: string values must be quoted, expected literal string\n\
             sockhop.toml:2:10: string values must be quoted, expected literal string",
        ),
    ] {
        refuse(text, wanted);
    }
}

#[test]
fn deployments_have_settings() {
    let config = accept(
        "[deployment.chat]\nfile = 'chat.wasm'\ninstancing = 'shared'\nshards = 3\n\
         strategy = 'restart'\nmemory = '8 MiB'\nevent_cpu = '1s'\nevent_wait = '2s'\n\
         message = '1 MiB'\noutbound_queue = '2 MiB'\nenv = { A = 'b', C = '' }\n\
         [deployment.later]\n",
    );
    let chat = &config.deployments["chat"];
    assert_eq!(chat.file_line, Some(2));
    let settings = &chat.settings;
    assert_eq!(settings.file.as_deref(), Some(Path::new("/etc/sockhop/chat.wasm")));
    assert_eq!(settings.instancing, Instancing::Shared { shards: 3.try_into().unwrap() });
    assert_eq!(settings.strategy, Strategy::Restart);
    assert_eq!(settings.memory, Some(ByteSize::from_mib(8)));
    assert_eq!(settings.event_cpu.unwrap().as_secs(), 1);
    assert_eq!(settings.event_wait.unwrap().as_secs(), 2);
    assert_eq!(settings.message, Some(ByteSize::from_mib(1)));
    assert_eq!(settings.outbound_queue, Some(ByteSize::from_mib(2)));
    let env: Vec<_> = settings.env.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(env, [("A", "b"), ("C", "")]);
    assert_eq!(config.deployments["later"].settings, Default::default());
}

#[test]
fn a_certificate_has_its_settings() {
    use crate::config::ClientAuth;

    assert!(accept("tls.handshake_timeout = '1s'").tls.settings.is_none());
    let config = accept("[tls]\ncertificate = 'a.crt'\nkey = '/b.key'\nhandshake_timeout = '3s'");
    let tls = config.tls.settings.unwrap();
    assert_eq!(tls.certificate, Path::new("/etc/sockhop/a.crt"));
    assert_eq!(tls.key, Path::new("/b.key"));
    assert_eq!((tls.client_auth, tls.handshake_timeout.as_secs()), (ClientAuth::None, 3));
    let pair = "tls.certificate = 'a'\ntls.key = 'b'\ntls.client_ca = 'c'\n";
    for (word, expected) in [
        ("optional", ClientAuth::Optional("/etc/sockhop/c".into())),
        ("required", ClientAuth::Required("/etc/sockhop/c".into())),
    ] {
        let config = accept(&format!("{pair}tls.client_auth = '{word}'"));
        assert_eq!(config.tls.settings.unwrap().client_auth, expected);
    }
}

#[test]
fn proxies_are_named_by_their_networks() {
    use crate::config::ForwardedFields;

    assert_eq!(accept("").proxy, Proxy::default());
    let config = accept(
        "[proxy]\nprotocol_from = 'unix'\nforwarded_from = ['10.0.0.0/8', '::1']\n\
         forwarded_fields = 'forwarded'",
    );
    assert!(config.proxy.protocol_from.contain(None));
    assert!(config.proxy.forwarded_from.contain(Some("::1".parse().unwrap())));
    assert_eq!(config.proxy.forwarded_fields, ForwardedFields::Standard);
}

#[test]
fn shards_go_with_shared_instances() {
    let shards = |text: &str| match accept(text).deployments["a"].settings.instancing {
        Instancing::Session => 0,
        Instancing::Shared { shards } => shards.get(),
    };
    assert_eq!(shards("deployment.a.instancing = 'session'"), 0);
    assert_eq!(shards("deployment.a.instancing = 'shared'"), 6);
    assert_eq!(shards("deployment.a = { instancing = 'shared', shards = 0 }"), 6);
    assert_eq!(shards("deployment.a = { instancing = 'shared', shards = 256 }"), 256);
    refuse(
        "deployment.a = { instancing = 'shared', shards = 257 }",
        "sockhop.toml:1: deployment.a.shards: must be from 0 to 256, is 257",
    );
    for text in [
        "[deployment.a]\nshards = 2",
        "deployment.a.instancing = 'session'\ndeployment.a.shards = 2",
    ] {
        let wanted = "sockhop.toml:2: deployment.a.shards: only goes with instancing = \"shared\"";
        refuse(text, wanted);
    }
    refuse(
        "[deployment.a]\ninstancing = 'sharde'\nshards = 2",
        "sockhop.toml:2: deployment.a.instancing: \"sharde\" is not a way of instancing; \
         use \"session\" or \"shared\"",
    );
}

#[test]
fn a_deployment_stays_below_the_ceilings() {
    accept("[deployment.a]\nmemory = '64 MiB'\nmessage = '16 MiB'\noutbound_queue = '1 GiB'");
    accept("deployment.a.memory = '65 MiB'\nsandbox.memory = '65 MiB'");
    refuse(
        "deployment.a.memory = '65 MiB'\ndeployment.a.message = '2 MiB'\nlimits.message = '1 MiB'",
        "sockhop.toml:1: deployment.a.memory: must not exceed sandbox.memory, which is 64 MiB; \
         is 65 MiB\n\
         sockhop.toml:2: deployment.a.message: must not exceed limits.message, which is 1 MiB; \
         is 2 MiB",
    );
    // Only the ceiling is wrong here, whatever it was meant to be.
    refuse(
        "deployment.a.memory = '65 MiB'\nsandbox.memory = 'much'",
        "sockhop.toml:2: sandbox.memory: \"much\" is not a size; write a whole number and a \
         unit, such as \"64 MiB\"",
    );
    refuse(
        "deployment.a.memory = '65 MiB'\nsandbox = 'much'",
        "sockhop.toml:2: sandbox: expected a table, found a string",
    );
}

#[test]
fn a_file_that_cannot_be_read_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let load = |file: &Path| {
        let mut errors = Vec::new();
        FileConfig::load(file, CORES, &mut errors);
        assert_eq!(errors.len(), 1);
        let text = crate::config::ConfigErrors(errors).to_string();
        text.replace(&format!("{}/", folder.path().display()), "")
    };
    assert_eq!(
        load(&folder.path().join("none.toml")),
        "cannot read the configuration none.toml: No such file or directory (os error 2)"
    );
    let file = folder.path().join("a.toml");
    std::fs::write(&file, b"# one\n# tw\xf6\n").unwrap();
    assert_eq!(load(&file), "a.toml:2: is not UTF-8");
    std::fs::write(&file, vec![b'#'; FILE_MAX_BYTES as usize + 1]).unwrap();
    assert_eq!(load(&file), "a.toml: has more than 1048576 bytes");
    std::fs::write(&file, vec![b'#'; FILE_MAX_BYTES as usize]).unwrap();
    let mut errors = Vec::new();
    FileConfig::load(&file, CORES, &mut errors);
    assert!(errors.is_empty());
}
