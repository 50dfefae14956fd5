//! What was entered into the deploy form, kept while the reader looks at its precheck. It is in the browser's memory only, secrets
//! included, and gone with the tab.

use leptos::prelude::*;

use crate::calls::deploy_product::DeployProduct;
use crate::pages::configuration::controls::Control;

/// A form that was left to come back to.
#[derive(Clone)]
pub struct Draft {
    pub form: DeployProduct,
    /// As its controls were.
    pub controls: Vec<Control>,
}

/// The one draft of this tab.
#[derive(Clone, Copy)]
pub struct Drafts(StoredValue<Option<Draft>>);

/// Has pages find the draft of the tab; on the server there is never one.
pub fn provide_drafts() {
    provide_context(Drafts(StoredValue::new(None)));
}

impl Drafts {
    /// The draft of a product.
    #[must_use]
    pub fn of(self, product: &str) -> Option<Draft> {
        let draft = self.0.try_get_value().flatten();
        draft.filter(|draft| draft.form.product_id == product)
    }

    /// Remembers this one and no other.
    pub fn keep(self, draft: Draft) {
        self.0.set_value(Some(draft));
    }

    /// Forgets what there is.
    pub fn forget(self) {
        self.0.set_value(None);
    }
}
