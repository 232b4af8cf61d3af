//! How a verb finds the running host and shows that it may command it.

use super::{
    AdminAddress, AdminAddressError, AdminToken, ConfigErrors, Environment, Machine, RuntimeDir,
    RuntimeDirError, TokenFile, TokenFileError, load::default_admin, variables::Variables,
};
use crate::cli::args::AdminArgs;

/// Where a running host is, and the token that it asks for.
#[derive(Clone, Debug)]
pub struct AdminAccess {
    /// The address of the admin API.
    pub address: AdminAddress,
    /// The token.
    pub token: AdminToken,
}

impl AdminAccess {
    /// Finds them: the address from the flag, else `SOCKHOP_ADMIN`, else the default; the token
    /// from `SOCKHOP_ADMIN_TOKEN`, else from the file that the host has left for this address.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the environment, or why the token cannot be had or the default
    /// address not be trusted.
    pub fn find(
        args: &AdminArgs,
        environment: &dyn Environment,
        machine: &Machine,
    ) -> Result<Self, AdminAccessError> {
        let mut errors = Vec::new();
        let variables = Variables::read_access(environment, &mut errors);
        let folder = match RuntimeDir::locate(environment, machine) {
            Ok(folder) if errors.is_empty() => folder,
            Ok(_) => return Err(AdminAccessError::Config(ConfigErrors(errors))),
            Err(error) => {
                errors.push(error);
                return Err(AdminAccessError::Config(ConfigErrors(errors)));
            }
        };
        let address = match args.admin.clone().or(variables.admin) {
            Some(address) => address,
            None => {
                // A token from the environment must not go to a socket that somebody else has
                // put where ours would be.
                folder.verify()?;
                default_admin(&folder)?
            }
        };
        let token = match variables.admin_token {
            Some(token) => token,
            None => TokenFile::new(&folder, &address).read()?,
        };
        Ok(Self { address, token })
    }
}

/// Why a running host cannot be found or spoken to.
#[derive(Debug, thiserror::Error)]
pub enum AdminAccessError {
    /// The default address cannot be used with this runtime folder.
    #[error("the admin API has no usable default address here; set SOCKHOP_ADMIN")]
    Address(#[from] AdminAddressError),
    /// The environment is wrong.
    #[error(transparent)]
    Config(ConfigErrors),
    /// The runtime folder is not there or not to be trusted.
    #[error("no host of this user is found at the default address; start one or give --admin")]
    Folder(#[from] RuntimeDirError),
    /// The token cannot be had.
    #[error(transparent)]
    Token(#[from] TokenFileError),
}

#[cfg(test)]
mod tests;
