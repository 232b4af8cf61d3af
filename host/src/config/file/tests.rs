//! Documents that are taken, and documents that are refused with every reason in full.

mod deployments;
mod ranges;

use super::*;
use crate::config::{ByteSize, SlowReader};

mod transport;

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
    assert!(config.listen.is_none() && config.admin.is_none());
    assert_eq!(config.endpoint, EndpointSettings::default());
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
    assert!(config.endpoint.origins.permits(Some("https://a.example"), "b", true));
    assert_eq!(config.workers, Some(3));
    let many = accept("listen = ['a:1', 'b:2']\norigins = ['https://a.example', '*']");
    assert_eq!(many.listen.unwrap().len(), 2);
    assert!(many.endpoint.origins.any && !many.endpoint.origins.required);
    assert!(accept("origin_required = true").endpoint.origins.required);
}

#[test]
fn sizes_and_times_are_taken_in_every_form() {
    let config = accept(
        "limits.message = 2048\nlimits.outbound_queue = '2KiB'\nlimits.close_timeout = '20 ms'\n\
         [sandbox]\nmemory = 1_048_576\ninstances = 7\nevent_cpu = '2m'",
    );
    assert_eq!(config.endpoint.limits.message, ByteSize::from_kib(2));
    assert_eq!(config.endpoint.limits.outbound_queue, ByteSize::from_kib(2));
    assert_eq!(config.endpoint.limits.close_timeout.as_millis(), 20);
    assert_eq!(config.sandbox.memory, ByteSize::from_mib(1));
    assert_eq!(config.sandbox.instances.unwrap().get(), 7);
    assert_eq!(config.sandbox.event_cpu.as_secs(), 120);
}

#[test]
fn what_can_be_off_is_off_by_word_or_by_zero() {
    for off in ["'off'", "'0s'", "'0 ms'"] {
        let keys = ["ping_interval", "idle_timeout", "read_idle_timeout", "write_idle_timeout"];
        let lines: Vec<_> = keys.map(|key| format!("limits.{key} = {off}\n")).into();
        let limits = accept(&lines.concat()).endpoint.limits;
        assert_eq!(limits.ping_interval, None);
        let idle = [limits.idle_timeout, limits.read_idle_timeout, limits.write_idle_timeout];
        assert_eq!(idle, [None; 3]);
    }
    let limits = accept("limits.write_idle_timeout = '2m'").endpoint.limits;
    assert_eq!(limits.write_idle_timeout.unwrap().as_secs(), 120);
    let limits = accept("limits.slow_reader = 'drop'\nlimits.sessions = 7").endpoint.limits;
    assert_eq!((limits.slow_reader, limits.sessions.unwrap().get()), (SlowReader::Drop, 7));
}

#[test]
fn addresses_are_exempt_by_list() {
    let home = "127.0.0.1".parse().unwrap();
    let proxy = "10.1.2.3".parse().unwrap();
    let by_default = accept("").limits;
    assert!(by_default.is_exempt(home) && !by_default.is_exempt(proxy));
    assert!(by_default.is_exempt("::1".parse().unwrap()));
    let none = accept("limits.exempt_addresses = []").limits;
    assert!(!none.is_exempt(home));
    let listed = accept("limits.exempt_addresses = '10.0.0.0/8'").limits;
    assert!(!listed.is_exempt(home) && listed.is_exempt(proxy));
}

#[test]
fn a_value_of_another_kind_is_refused() {
    for (text, rest) in [
        ("listen = 8080", "listen: expected a string or an array of strings, found an integer"),
        ("listen = [8080]", "listen[0]: expected a string, found an integer"),
        ("listen = []", "listen: must not be empty"),
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
            "limits.ping_interval = 30",
            "limits.ping_interval: expected a time such as \"10s\", or \"off\", found an integer",
        ),
        ("limits.slow_reader = 1", "limits.slow_reader: expected a string, found an integer"),
        (
            "compression.context_takeover = 'yes'",
            "compression.context_takeover: expected true or false, found a string",
        ),
        ("compression = 'on'", "compression: expected a table, found a string"),
        (
            "deployment.a.endpoint.'/b' = 1",
            "deployment.a.endpoint.\"/b\": expected a table, found an integer",
        ),
        ("deployment = 'chat'", "deployment: expected a table, found a string"),
        ("deployment.chat = 'c'", "deployment.chat: expected a table, found a string"),
        ("deployment.a.env = 'c'", "deployment.a.env: expected a table, found a string"),
        ("deployment.a.env.B = 1", "deployment.a.env.B: expected a string, found an integer"),
        (
            "deployment.a.instancing = 1",
            "deployment.a.instancing: expected a string, found an integer",
        ),
        ("deployment.a.key = 1", "deployment.a.key: expected a string, found an integer"),
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
            "deployment.a.instancing = 'single'",
            "deployment.a.instancing: \"single\" is not a way of instancing; \
             use \"session\", \"keyed\" or \"shared\"",
        ),
        (
            "limits.slow_reader = 'skip'",
            "limits.slow_reader: \"skip\" is not a way to treat a slow reader; use \"wait\", \
             \"drop\" or \"close\"",
        ),
        (
            "limits.exempt_addresses = 'localhost'",
            "limits.exempt_addresses: \"localhost\" is not an address or a network, such as \
             192.0.2.7, 10.0.0.0/8 or 2001:db8::/32",
        ),
        (
            "compression.permessage_deflate = 'on'",
            "compression.permessage_deflate: \"on\" is not known; use \"allowed\", \"required\" or \
             \"forbidden\"",
        ),
        (
            "deployment.a.endpoint.chat = {}",
            "deployment.a.endpoint.chat: \"chat\" is not an endpoint's path; write it in quotes \
             and as the component describes it, such as \"/chat/{room}\"",
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
        (
            "deployment.a.compression.takeover_contexts = 1",
            "deployment.a.compression.takeover_contexts: unknown key; did you mean \
             compression.takeover_contexts?",
        ),
        (
            "deployment.a.endpoint.'/b'.memory = '1 MiB'",
            "deployment.a.endpoint.\"/b\".memory: unknown key; did you mean deployment.a.memory?",
        ),
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
