//! The environment's share of the configuration, read and checked.

use std::{ffi::OsString, path::PathBuf, str::FromStr};

use super::{
    AdminAddress, AdminAddressError, AdminToken, ConfigError, Environment, ListenAddress,
    ListenAddressError, TokenError, environment as env,
};

/// What the `SOCKHOP_…` variables say. Absent where one is not set.
#[derive(Debug, Default)]
pub(super) struct Variables {
    pub(super) config: Option<PathBuf>,
    pub(super) listen: Option<Vec<ListenAddress>>,
    pub(super) admin: Option<AdminAddress>,
    pub(super) admin_token: Option<AdminToken>,
    pub(super) deploy_dir: Option<PathBuf>,
    pub(super) assets: Option<PathBuf>,
    pub(super) log: Option<String>,
}

impl Variables {
    /// Reads all of them; what is wrong goes to `errors`.
    pub(super) fn read(environment: &dyn Environment, errors: &mut Vec<ConfigError>) -> Self {
        let mut reader = VariableReader { environment, errors };
        Self {
            config: reader.path(env::SOCKHOP_CONFIG),
            listen: reader.value(env::SOCKHOP_LISTEN, |text| {
                text.split(',').map(|part| Ok(part.trim().parse::<ListenAddress>()?)).collect()
            }),
            admin: reader.parsed(env::SOCKHOP_ADMIN),
            admin_token: reader.parsed(env::SOCKHOP_ADMIN_TOKEN),
            deploy_dir: reader.path(env::SOCKHOP_DEPLOY_DIR),
            assets: reader.path(env::SOCKHOP_ASSETS),
            log: reader.value(env::SOCKHOP_LOG, |text| Ok(text.to_owned())),
        }
    }

    /// Reads the ones that say where a running host is.
    pub(super) fn read_access(
        environment: &dyn Environment,
        errors: &mut Vec<ConfigError>,
    ) -> Self {
        let mut reader = VariableReader { environment, errors };
        Self {
            admin: reader.parsed(env::SOCKHOP_ADMIN),
            admin_token: reader.parsed(env::SOCKHOP_ADMIN_TOKEN),
            ..Self::default()
        }
    }
}

/// Why a variable's value is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VariableProblem {
    /// It is no address to listen at.
    #[error(transparent)]
    Address(#[from] ListenAddressError),
    /// It is no address for the admin API.
    #[error(transparent)]
    AdminAddress(#[from] AdminAddressError),
    /// It is set to nothing.
    #[error("is empty; unset it or give it a value")]
    Empty,
    /// It is not UTF-8.
    #[error("is not UTF-8")]
    NotUtf8,
    /// It depends on the folder that the process runs in.
    #[error("{0:?} is not an absolute path")]
    RelativePath(PathBuf),
    /// It is no token.
    #[error(transparent)]
    Token(#[from] TokenError),
}

struct VariableReader<'s> {
    environment: &'s dyn Environment,
    errors: &'s mut Vec<ConfigError>,
}

impl VariableReader<'_> {
    fn path(&mut self, name: &'static str) -> Option<PathBuf> {
        self.raw(name).map(PathBuf::from)
    }

    fn parsed<T: FromStr<Err: Into<VariableProblem>>>(&mut self, name: &'static str) -> Option<T> {
        self.value(name, |text| text.parse().map_err(Into::into))
    }

    fn value<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, VariableProblem>,
    ) -> Option<T> {
        let value = self.raw(name)?;
        let parsed = value.to_str().ok_or(VariableProblem::NotUtf8).and_then(parse);
        parsed.map_err(|problem| self.report(name, problem)).ok()
    }

    fn raw(&mut self, name: &'static str) -> Option<OsString> {
        let value = self.environment.var(name)?;
        if value.is_empty() {
            self.report(name, VariableProblem::Empty);
            return None;
        }
        Some(value)
    }

    fn report(&mut self, name: &'static str, problem: VariableProblem) {
        self.errors.push(ConfigError::Variable { name, problem });
    }
}

/// The folder that an XDG variable or `HOME` names. Unset and empty are the same for these, as
/// the XDG specification says; a relative path is refused where it says to pass over it in
/// silence, since the operator meant something by it.
pub(super) fn base_folder(
    environment: &dyn Environment,
    name: &'static str,
) -> Result<Option<PathBuf>, ConfigError> {
    match environment.var(name).filter(|value| !value.is_empty()).map(PathBuf::from) {
        Some(path) if !path.is_absolute() => {
            Err(ConfigError::Variable { name, problem: VariableProblem::RelativePath(path) })
        }
        path => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, os::unix::ffi::OsStringExt as _};

    use super::*;

    fn read(variables: &[(&str, &str)]) -> (Variables, Vec<String>) {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let environment: BTreeMap<_, _> = variables.iter().map(own).collect();
        let mut errors = Vec::new();
        let variables = Variables::read(&environment, &mut errors);
        (variables, errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn reads_each_variable() {
        let (variables, errors) = read(&[
            ("SOCKHOP_CONFIG", "a.toml"),
            ("SOCKHOP_LISTEN", "127.0.0.1:1, [::1]:2"),
            ("SOCKHOP_ADMIN", "127.0.0.1:3"),
            ("SOCKHOP_ADMIN_TOKEN", "0123456789abcdef"),
            ("SOCKHOP_DEPLOY_DIR", "d"),
            ("SOCKHOP_ASSETS", "w"),
            ("SOCKHOP_LOG", "debug"),
            ("SOCKHOP_PORT", "tcp://10.0.0.1:80"),
        ]);
        assert_eq!(errors, [""; 0]);
        assert_eq!(variables.config, Some("a.toml".into()));
        let listen = variables.listen.unwrap();
        let listen: Vec<_> = listen.iter().map(ToString::to_string).collect();
        assert_eq!(listen, ["ws://127.0.0.1:1", "ws://[::1]:2"]);
        assert_eq!(variables.admin.unwrap().to_string(), "127.0.0.1:3");
        assert_eq!(variables.admin_token.unwrap().reveal(), "0123456789abcdef");
        assert_eq!(variables.deploy_dir, Some("d".into()));
        assert_eq!(variables.assets, Some("w".into()));
        assert_eq!(variables.log.as_deref(), Some("debug"));
    }

    #[test]
    fn reports_all_that_is_wrong() {
        let (_, errors) = read(&[
            ("SOCKHOP_LISTEN", "127.0.0.1:1,"),
            ("SOCKHOP_ADMIN", "10.0.0.1:3"),
            ("SOCKHOP_ADMIN_TOKEN", "short"),
            ("SOCKHOP_ASSETS", ""),
        ]);
        assert_eq!(
            errors,
            [
                "SOCKHOP_LISTEN: \"\" has no port; write HOST:PORT",
                "SOCKHOP_ADMIN: 10.0.0.1:3 is not a loopback address; \
                 use 127.0.0.1, [::1] or unix:PATH",
                "SOCKHOP_ADMIN_TOKEN: the admin token has 5 characters; use 16 to 1024",
                "SOCKHOP_ASSETS: is empty; unset it or give it a value",
            ]
        );
    }

    #[test]
    fn a_path_may_be_any_bytes_and_a_text_must_be_utf8() {
        struct Latin1;
        impl Environment for Latin1 {
            fn var(&self, name: &str) -> Option<OsString> {
                let wanted = [env::SOCKHOP_ASSETS, env::SOCKHOP_LOG].contains(&name);
                wanted.then(|| OsString::from_vec(vec![0xe9]))
            }
        }
        let mut errors = Vec::new();
        let variables = Variables::read(&Latin1, &mut errors);
        assert_eq!(variables.assets, Some(OsString::from_vec(vec![0xe9]).into()));
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0].to_string(), "SOCKHOP_LOG: is not UTF-8");
    }
}
