//! People.

use kabar_engine::Caller;
use kabar_model::{Country, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::Api;
use crate::problem::Answer;

/// A person.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct User {
    /// The name of the account; of somebody of another realm `user@realm`.
    pub(crate) username: String,
    /// The other realm, if they are of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) realm: Option<String>,
    /// What the person is shown as.
    pub(crate) name: String,
    /// Where they say they are from.
    #[schema(required)]
    pub(crate) country: Option<String>,
    /// Whether they are active.
    pub(crate) active: bool,
}

/// Oneself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The name of the account.
    pub(crate) username: String,
    /// What one is shown as.
    pub(crate) name: String,
    /// Where one is from.
    #[schema(required)]
    pub(crate) country: Option<String>,
    /// Whether one is active.
    pub(crate) active: bool,
    /// What one may do in the realm.
    pub(crate) role: RoleName,
    /// What one's clients keep.
    #[schema(value_type = Object)]
    pub(crate) settings: serde_json::Value,
}

/// Who wrote something.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Author {
    /// The name of the account; of somebody of another realm `user@realm`.
    pub(crate) username: String,
    /// The other realm, if they are of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) realm: Option<String>,
    /// What the person is shown as.
    pub(crate) name: String,
}

/// What an account may do in the realm.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RoleName {
    /// Writes and reads.
    User,
    /// Looks after the realm, too.
    Administrator,
}

impl From<Role> for RoleName {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Administrator => Self::Administrator,
        }
    }
}

impl From<RoleName> for Role {
    fn from(role: RoleName) -> Self {
        match role {
            RoleName::User => Self::User,
            RoleName::Administrator => Self::Administrator,
        }
    }
}

impl From<&kabar_model::User> for Author {
    fn from(user: &kabar_model::User) -> Self {
        Self {
            username: user.username.to_string(),
            realm: realm(user),
            name: user.name.as_str().to_owned(),
        }
    }
}

fn realm(user: &kabar_model::User) -> Option<String> {
    user.username.realm().map(|realm| realm.to_string())
}

fn country(user: &kabar_model::User) -> Option<String> {
    user.country.as_ref().map(Country::as_str).map(str::to_owned)
}

impl Api {
    pub(crate) fn user(&self, user: &kabar_model::User) -> User {
        User {
            username: user.username.to_string(),
            realm: realm(user),
            name: user.name.as_str().to_owned(),
            country: country(user),
            active: self.active().contains(&user.id),
        }
    }

    /// The person who asks.
    pub(crate) async fn me(&self, caller: &Caller) -> Answer<Me> {
        let user = self.engine.account(caller).await?;
        let settings = self.engine.own_settings(caller).await?;
        Ok(Me {
            username: user.username.to_string(),
            name: user.name.as_str().to_owned(),
            country: country(&user),
            // Asking makes them so, unless it is a program that asks.
            active: self.active().contains(&user.id),
            role: user.role.into(),
            // What is kept was JSON when it came; what is not is nobody's setting.
            settings: serde_json::from_str(&settings).unwrap_or_else(|_| serde_json::json!({})),
        })
    }
}
