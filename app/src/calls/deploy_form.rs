//! What the deploy form shows: the product, and, where a browser without scripts sent it, what was sent and what became of that.

use domain::wire::Problem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;
use super::deploy_product::DeployProduct;
use super::product::ProductPage;
use crate::env_import::Imported;

/// The form's content.
#[derive(Clone, Serialize, Deserialize)]
pub struct DeployForm {
    pub page: ProductPage,
    pub returned: Option<Returned>,
}

/// A form that comes back. Its secrets are gone: they are never written into a page.
#[derive(Clone, Serialize, Deserialize)]
pub struct Returned {
    /// None where it could not even be read.
    pub form: Option<DeployProduct>,
    /// Why it was refused; none where it was only asked to come back.
    pub problem: Option<Problem>,
    /// What became of the `.env` file that was sent with it.
    pub imported: Option<Imported>,
}

/// A form as it was sent, given to the page that shows it again. It still has its secrets.
#[derive(Clone, Default)]
pub struct Sent {
    pub form: Option<DeployProduct>,
    pub problem: Option<Problem>,
    /// Text of a `.env` file to be taken into it.
    pub env: Option<String>,
}

/// What a browser without scripts asks for beside the fields of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which button was pressed.
    #[serde(default)]
    pub act: Act,
    /// Text of a `.env` file.
    #[serde(default)]
    pub env: String,
}

/// The buttons of the form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Act {
    #[default]
    Begin,
    /// Take the `.env` file into the fields.
    Import,
    /// Show what would happen.
    Plan,
    /// Show the form with what was entered.
    Edit,
}

/// Reads what is asked for; where no button says otherwise, that it is begun.
///
/// # Errors
/// Where it is nothing that the form has.
#[cfg(feature = "ssr")]
pub fn read_asked(body: &[u8]) -> Result<Asked, super::deploy_product::Unreadable> {
    let depth = serde_qs::Config::new(3, false);
    let read = depth.deserialize_bytes(body);
    read.map_err(|_| super::deploy_product::Unreadable)
}

/// The form of a product.
#[server(endpoint = "deploy-form", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn load_deploy_form(id: String) -> Result<DeployForm, CallError> {
    use crate::env_import::matched;
    use crate::form_field::fields_of;

    let caller = super::caller::Caller::of_request()?;
    let page = super::product::fetch(&caller, &id).await?;
    let stacks = &page.product.summary.stacks;
    let returned = use_context::<Sent>().map(|sent| {
        let mut imported = None;
        let form = sent.form.map(|form| {
            let mut entered = form.entered();
            if let Some(text) = &sent.env {
                let found = matched(text, &fields_of(stacks));
                entered.import(&found);
                imported = Some(Imported::of(&found, false));
            }
            entered.forget_secrets(stacks);
            form.with(entered)
        });
        Returned {
            form,
            problem: sent.problem,
            imported,
        }
    });
    Ok(DeployForm { page, returned })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn without_a_button_a_deployment_is_asked_for() {
        let read = |body: &str| read_asked(body.as_bytes()).map(|asked| (asked.act, asked.env));
        assert_eq!(read("product_id=a"), Ok((Act::Begin, String::new())));
        assert_eq!(
            read("act=import&env=A%3D1&shared[A]=2"),
            Ok((Act::Import, "A=1".to_owned()))
        );
        assert!(read("act=nothing").is_err());
    }
}
