//! Keeps secrets out of the journal: values of secret variables are struck out of everything that containers and engines say.

use domain::product::Product;
use domain::variable::Values;

/// Shorter values are too common as parts of words to be struck out.
const MIN_SECRET: usize = 4;
/// The same for one line of a secret that has several.
const MIN_SECRET_LINE: usize = 8;
const STRUCK: &str = "••••••";

/// Knows the secret values of one deployment.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    /// Longest first, so that a secret that contains another goes as a whole.
    secrets: Vec<String>,
}

impl Redactor {
    /// Every value of a variable that any of the products calls secret.
    pub(crate) fn new<'a>(
        products: &[&Product],
        values: impl IntoIterator<Item = &'a Values>,
    ) -> Self {
        let declared = products.iter().flat_map(|product| {
            let own = product.stacks.iter().flat_map(|stack| &stack.variables);
            product.shared_variables.iter().chain(own)
        });
        let names: Vec<&str> = declared
            .filter(|variable| variable.kind.is_secret())
            .map(|variable| variable.name.as_str())
            .collect();
        let mut secrets: Vec<String> = values
            .into_iter()
            .flat_map(|values| names.iter().filter_map(|name| values.get(name)))
            .flat_map(struck_parts)
            .map(str::to_owned)
            .collect();
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Self { secrets }
    }

    pub(crate) fn strike(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), STRUCK);
            }
        }
        text
    }
}

/// The value, and its lines where it has several: what a container says comes line by line.
fn struck_parts(value: &str) -> impl Iterator<Item = &str> {
    let whole = Some(value).filter(|value| value.len() >= MIN_SECRET);
    let lines = value
        .lines()
        .map(str::trim)
        .filter(move |line| line.len() >= MIN_SECRET_LINE && line.len() < value.len());
    whole.into_iter().chain(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_several_lines_goes_line_by_line_as_well() {
        let key = "-----BEGIN KEY-----\nc2VjcmV0LWJ5dGVz\n}\n";
        let parts: Vec<&str> = struck_parts(key).collect();
        assert_eq!(parts, [key, "-----BEGIN KEY-----", "c2VjcmV0LWJ5dGVz"]);
        assert_eq!(struck_parts("one-line").collect::<Vec<_>>(), ["one-line"]);
        assert_eq!(struck_parts("abc").count(), 0);
    }

    #[test]
    fn longer_secrets_go_first() {
        let redactor = Redactor {
            secrets: vec!["hunter2-long".to_owned(), "hunter2".to_owned()],
        };
        assert_eq!(
            redactor.strike("pw=hunter2-long, hunter2!"),
            "pw=••••••, ••••••!"
        );
        assert_eq!(redactor.strike("nothing"), "nothing");
    }
}
