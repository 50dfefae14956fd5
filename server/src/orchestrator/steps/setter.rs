//! Tells whoever the manifest names that maintenance begins or ends. That it could not be told stands in nobody's way.

use domain::deployment::OperationMode;
use domain::operation::failure::Failure;

use super::{Context, Done};

pub(super) async fn notify(context: &Context, maintenance: bool) -> Done {
    let setter = match &context.setter {
        Ok(Some(setter)) => setter,
        Ok(None) => return Ok(Some("nobody is named to be told".to_owned())),
        Err(reason) => return Err(Failure::new(reason.clone()).into()),
    };
    let mode = match maintenance {
        true => OperationMode::Maintenance,
        false => OperationMode::Normal,
    };
    context.lease.held().await;
    if let Err(error) = context.signals.fire(setter, mode).await {
        let mut message = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        return Err(Failure::new(message)
            .hint("Check the address and the secret in the manifest's section maintenance.setter.")
            .into());
    }
    if maintenance {
        // Who was told gets time to finish what is at work.
        context.pause(setter.grace_period).await?;
    }
    Ok(None)
}
