//! Who has the last word, what the defaults are, and what the command line may deploy.

use super::*;
use crate::{config::Strategy, server::origin::OriginPolicy};

/// A user's machine in a folder of its own.
struct Bench {
    folder: tempfile::TempDir,
    machine: Machine,
    environment: BTreeMap<String, String>,
    args: RunArgs,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine {
            user: 4711,
            cores: NonZeroUsize::new(3).unwrap(),
            run_user: folder.path().join("run"),
            temp: PathBuf::from("/tmp"),
        };
        Self { folder, machine, environment: BTreeMap::new(), args: RunArgs::default() }
    }

    fn var(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    fn file(mut self, text: &str) -> Self {
        let file = self.folder.path().join("sockhop.toml");
        std::fs::write(&file, text).unwrap();
        self.args.config = Some(file);
        self
    }

    fn components(mut self, files: &[&str]) -> Self {
        self.args.components = files.iter().map(PathBuf::from).collect();
        self
    }

    fn load(&self) -> Result<Config, String> {
        let (args, machine) = (&self.args, &self.machine);
        let result = Config::load(Sources { args, environment: &self.environment, machine });
        let own = format!("{}/", self.folder.path().display());
        result.map_err(|errors| errors.to_string().replace(&own, ""))
    }
}

fn listen(config: &Config) -> Vec<&str> {
    config.listen.iter().filter_map(ListenAddress::host_and_port).collect()
}

#[test]
fn nothing_given_means_the_defaults() {
    let config = Bench::new().load().unwrap();
    assert_eq!(listen(&config), ["127.0.0.1:8080"]);
    assert_eq!(config.admin.to_string(), "unix:/tmp/sockhop-4711/admin.sock");
    assert_eq!(config.runtime_dir.path(), Path::new("/tmp/sockhop-4711"));
    assert_eq!(config.cache_dir, Path::new("/tmp/sockhop-4711/cache"));
    assert!(config.admin_token.is_none() && config.deploy_dir.is_none());
    assert!(config.assets.is_none() && config.deployments.is_empty());
    assert_eq!(*config.endpoint.origins, OriginPolicy::default());
    assert_eq!(config.takeover_contexts, TAKEOVER_CONTEXTS.default);
    assert_eq!(config.workers.get(), 3);
    assert_eq!(config.log_filter, "info");
}

#[test]
fn the_environment_places_the_folders() {
    let config = Bench::new()
        .var("XDG_RUNTIME_DIR", "/run/x")
        .var("XDG_CACHE_HOME", "/cache")
        .var("HOME", "/home/x");
    let config = config.load().unwrap();
    assert_eq!(config.admin.to_string(), "unix:/run/x/sockhop/admin.sock");
    assert_eq!(config.cache_dir, Path::new("/cache/sockhop"));
    let config = Bench::new().var("XDG_CACHE_HOME", "").var("HOME", "/home/x").load().unwrap();
    assert_eq!(config.cache_dir, Path::new("/home/x/.cache/sockhop"));
}

#[test]
fn a_folder_of_the_environment_that_does_not_do_is_refused() {
    let error = Bench::new().var("XDG_RUNTIME_DIR", "run").var("HOME", "home").load().unwrap_err();
    assert_eq!(error, "XDG_RUNTIME_DIR: \"run\" is not an absolute path");
    let error = Bench::new().var("HOME", "home").load().unwrap_err();
    assert_eq!(error, "HOME: \"home\" is not an absolute path");
    let long = format!("/{}", "r".repeat(100));
    let error = Bench::new().var("XDG_RUNTIME_DIR", &long).load().unwrap_err();
    let wanted = format!(
        "admin has no usable default here; set it: the socket's path \
         \"{long}/sockhop/admin.sock\" has 120 bytes; at most 107 fit"
    );
    assert_eq!(error, wanted);
    let own = Bench::new().var("XDG_RUNTIME_DIR", &long).file("admin = '127.0.0.1:1'");
    assert_eq!(own.load().unwrap().admin.to_string(), "127.0.0.1:1");
}

const FILE: &str = "listen = 'file:1'\nadmin = '127.0.0.1:1'\ndeploy_dir = '/file'\n\
                    assets = '/file'\ncache_dir = '/file'\nworkers = 9";

fn with_variables(bench: Bench) -> Bench {
    bench
        .var("SOCKHOP_LISTEN", "env:1,env:2")
        .var("SOCKHOP_ADMIN", "127.0.0.1:2")
        .var("SOCKHOP_ADMIN_TOKEN", "0123456789abcdef")
        .var("SOCKHOP_DEPLOY_DIR", "env")
        .var("SOCKHOP_ASSETS", "env")
        .var("SOCKHOP_LOG", "debug")
}

#[test]
fn the_file_is_before_the_defaults() {
    let config = Bench::new().file(FILE).load().unwrap();
    assert_eq!(listen(&config), ["file:1"]);
    assert_eq!(config.admin.to_string(), "127.0.0.1:1");
    let folders = [config.deploy_dir.unwrap(), config.assets.unwrap(), config.cache_dir];
    assert!(folders.iter().all(|folder| folder == Path::new("/file")), "{folders:?}");
    assert_eq!(config.workers.get(), 9);
}

#[test]
fn the_environment_is_before_the_file() {
    let config = with_variables(Bench::new().file(FILE)).load().unwrap();
    assert_eq!(listen(&config), ["env:1", "env:2"]);
    assert_eq!(config.admin.to_string(), "127.0.0.1:2");
    assert_eq!(config.admin_token.unwrap().reveal(), "0123456789abcdef");
    assert_eq!(config.deploy_dir.as_deref(), Some(Path::new("env")));
    assert_eq!(config.assets.as_deref(), Some(Path::new("env")));
    assert_eq!(config.log_filter, "debug");
}

#[test]
fn flags_are_before_the_environment() {
    let mut bench = with_variables(Bench::new().file(FILE));
    bench.args.listen = vec!["flag:1".parse().unwrap()];
    bench.args.admin = Some("127.0.0.1:3".parse().unwrap());
    bench.args.deploy_dir = Some("flag".into());
    bench.args.assets = Some("flag".into());
    let config = bench.load().unwrap();
    assert_eq!(listen(&config), ["flag:1"]);
    assert_eq!(config.admin.to_string(), "127.0.0.1:3");
    assert_eq!(config.deploy_dir.as_deref(), Some(Path::new("flag")));
    assert_eq!(config.assets.as_deref(), Some(Path::new("flag")));
}

#[test]
fn the_environment_names_the_file_where_no_flag_does() {
    let mut bench = Bench::new().file("workers = 5");
    let file = bench.args.config.take().unwrap();
    let bench = bench.var("SOCKHOP_CONFIG", &file.display().to_string());
    assert_eq!(bench.load().unwrap().workers.get(), 5);
    let bench = Bench::new().file("workers = 6").var("SOCKHOP_CONFIG", "/none.toml");
    assert_eq!(bench.load().unwrap().workers.get(), 6);
}

#[test]
fn errors_of_all_sources_come_at_once() {
    let bench = Bench::new()
        .file("[deployment.chat]\nfile = 'c.wasm'\ncolour = 1\n[limits]\nmesage = 1")
        .var("SOCKHOP_ADMIN_TOKEN", "secret")
        .var("XDG_RUNTIME_DIR", "run")
        .components(&["a/Chat.wasm", "chat.wasm"]);
    let wanted = "sockhop.toml:3: deployment.chat.colour: unknown key\n\
        sockhop.toml:5: limits.mesage: unknown key; did you mean message?\n\
        SOCKHOP_ADMIN_TOKEN: the admin token has 6 characters; use 16 to 1024\n\
        XDG_RUNTIME_DIR: \"run\" is not an absolute path\n\
        a/Chat.wasm: \"Chat\" is not a deployment's name; use 1 to 64 of a-z, 0-9, _ and -, \
        beginning with a letter or a digit; rename the file, or name it in a [deployment.NAME] \
        of the configuration\n\
        chat.wasm: sockhop.toml:2 deploys c.wasm as \"chat\" already; leave one out";
    assert_eq!(bench.load().unwrap_err(), wanted);
}

#[test]
fn components_are_deployed_under_their_stems() {
    let bench = Bench::new()
        .file("deployment.chat.strategy = 'restart'\ndeployment.game.file = 'g.wasm'")
        .components(&["x/chat.wasm", "echo.wasm"]);
    let config = bench.load().unwrap();
    let files: Vec<_> = config
        .deployments
        .iter()
        .map(|(name, settings)| (name.as_str(), settings.file.clone().unwrap()))
        .collect();
    let game = bench.folder.path().join("g.wasm");
    let wanted = [("chat", "x/chat.wasm".into()), ("echo", "echo.wasm".into()), ("game", game)];
    assert_eq!(files, wanted);
    assert_eq!(config.deployments["chat"].strategy, Strategy::Restart);
    assert_eq!(config.deployments["echo"].strategy, Strategy::Drain);
}

#[test]
fn the_same_stem_twice_is_refused() {
    let bench = Bench::new().components(&["a/chat.wasm", "b/chat.wasm", "b/chat.wasm"]);
    assert_eq!(
        bench.load().unwrap_err(),
        "b/chat.wasm: a/chat.wasm has the name \"chat\" already; rename one of the files\n\
         b/chat.wasm: a/chat.wasm has the name \"chat\" already; rename one of the files"
    );
}
