//! One file a page. A page arranges components; it holds no rules.

pub mod catalog;
pub mod deploy_product;
pub mod failed;
pub mod home;
pub mod not_found;
pub mod product;
